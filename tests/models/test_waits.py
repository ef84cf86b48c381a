"""How long a server asks us to wait, and what it says is left."""

from __future__ import annotations

import pytest

from synthnb.models.waits import headroom, parse_duration, retry_after


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "NaN"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "999999999"}, 86400.0),
        (
            {
                "retry-after": "Sun, 22 Nov 2026 10:40:00 GMT",
                "date": "Sun, 22 Nov 2026 10:39:48 GMT",
            },
            12.0,
        ),
        ({"retry-after": "Sun, 22 Nov 2020 10:40:00 GMT"}, 0.0),
        ({"x-ratelimit-reset-requests": "1s"}, 1.0),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "5",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "0",
            },
            360.0,
        ),
        ({}, None),
    ],
)
def test_every_form_of_retry_after(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after(headers) == wait


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("250ms", 0.25),
        ("1h 2m", 3720),
        ("2.5 seconds", 2.5),
        ("x", None),
        ("", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds
    assert parse_duration("1" * 200_000) is None  # at once


@pytest.mark.parametrize(
    ("headers", "room"),
    [
        ({}, None),
        ({"x-ratelimit-remaining-requests": "3"}, None),
        (
            {
                "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": "50",
                "x-ratelimit-reset-requests": "10s",
            },
            (50.0, 1.0),
        ),
        (
            {
                "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": "50",
                "x-ratelimit-reset-requests": "10s",
                "x-ratelimit-limit-tokens": "1000",
                "x-ratelimit-remaining-tokens": "500",
                "x-ratelimit-reset-tokens": "1m40s",
            },
            (5.0, 0.05),
        ),
        (
            {"x-ratelimit-limit": "9", "x-ratelimit-remaining": "9", "x-ratelimit-reset": "1"},
            None,
        ),
        (
            {"x-ratelimit-limit": "a", "x-ratelimit-remaining": "b", "x-ratelimit-reset": "c"},
            None,
        ),
    ],
)
def test_what_a_server_says_it_has_left(
    headers: dict[str, str], room: tuple[float, float] | None
) -> None:
    assert headroom(headers, tokens=100) == room
