"""Each fault of an endpoint: what the user sees, what is kept, what is asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synthnb import generate
from synthnb.api.preparing import prepare
from synthnb.events import Notice
from synthnb.middleware import Policy
from synthnb.settings import Settings
from tests.engine.conftest import Make
from tests.loopback import Loopback, Reply, error, faults, rate_limit

QUICK = Policy(base=0.03)
"""Waits between tries are a tenth of what users have."""


def after(count: int, reply: Reply) -> Any:
    """``count`` good answers, then ``reply`` for ever."""
    return lambda number, body: None if number < count else reply


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (error(429, "You exceeded your current quota", code="insufficient_quota"), "credit"),
        (error(402, "Payment required"), "out of credit"),
        (error(401, "Incorrect API key provided"), "refuses"),
        (error(403, "No access to this model"), "does not allow tiny"),
        (error(404, "The model `tiny` does not exist"), "does not know the model tiny"),
        (error(400, "Unknown parameter: 'top_q'", param="top_q"), "parameter top_q"),
    ],
)
def test_what_cannot_succeed_stops_at_once_and_keeps_rows(
    reviews: Make, settings: Settings, loopback: Loopback, reply: Reply, told: str
) -> None:
    loopback.script(after(30, reply))

    batch = generate(reviews(), 500, policy=QUICK, settings=settings)

    assert batch.status == "stopped"
    assert told in batch.reason
    assert f"127.0.0.1:{loopback.port}" in batch.reason
    assert len(batch) >= 15  # 30 were answered, those in flight at the end may be lost
    assert len(loopback.requests) <= 30 + 16


@pytest.mark.parametrize(
    "reply",
    [
        error(429, "Slow down"),
        error(429, "Slow down", headers={"Retry-After": "0.05"}),
        error(429, "Slow down", headers={"retry-after-ms": "40"}),
        error(500, "Oops"),
        error(503, "Overloaded"),
        Reply(cut="close"),
        Reply(cut="reset"),
        Reply(cut="body"),
        Reply(body=b'{"choices": [{"mess'),
        Reply(body=b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'),
        Reply(json={"choices": []}),
        Reply(body=b"<html>Bad gateway</html>"),
        Reply(json={"error": {"message": "try later", "code": 503}}),
    ],
    ids=lambda reply: f"{reply.status}-{reply.cut or (reply.body or b'')[:12]!r}",
)
def test_what_may_succeed_is_asked_again(
    reviews: Make, settings: Settings, loopback: Loopback, reply: Reply
) -> None:
    loopback.script(lambda number, body: reply if number % 3 == 0 else None)

    batch = generate(reviews(), 12, policy=QUICK, settings=settings)

    assert (len(batch), batch.status) == (12, "done")
    assert not batch.rejected
    assert len({record.index for record in batch.records}) == 12
    assert batch.usage.requests == len(loopback.requests) > 12


@pytest.mark.parametrize(
    ("reply", "rule", "stage"),
    [
        (Reply(text="half of it", finish_reason="length"), "truncated", "answered"),
        (Reply(text="", finish_reason="content_filter"), "content_filter", "answered"),
        (Reply(text="", message={"refusal": "I cannot."}), "refusal", "answered"),
        (Reply(text=""), "empty", "answered"),
        (Reply(text="", message={"reasoning_content": "Hm."}), "reasoning_only", "answered"),
        (error(400, "maximum context length is 8"), "context_length", "calls"),
    ],
)
def test_a_useless_answer_is_a_rejected_row_with_its_reason(
    reviews: Make,
    settings: Settings,
    loopback: Loopback,
    reply: Reply,
    rule: str,
    stage: str,
) -> None:
    bad = {"angry"}

    def script(number: int, body: Any) -> Reply | None:
        mood = body["messages"][-1]["content"].split()[-1].rstrip(".")
        return reply if mood in bad else None

    loopback.script(script)
    batch = generate(reviews(), 6, policy=QUICK, settings=settings)

    assert len(batch) == 6
    assert set(batch["mood"]) == {"happy"}
    reasons = {reason.rule for r in batch.records if not r.accepted for reason in r.reasons}
    assert reasons == {rule}
    lost = len(batch.rejected)
    assert batch.funnel[stage] == 6 + lost
    following = {"calls": "answered", "answered": "parsed"}[stage]
    assert batch.funnel[following] == 6


def test_a_useless_answer_is_paid_for_once(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.replies(Reply(text="", message={"refusal": "No."}))
    recipe = reviews(target={"max_candidates": 3})
    generate(recipe, 2, policy=QUICK, settings=settings)
    asked = len(loopback.requests)
    generate(recipe, 2, policy=QUICK, settings=settings)

    assert len(loopback.requests) == asked == 3


def test_a_mixture_of_faults_delivers_every_row_once(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(faults(seed=5, rate429=0.10, rate500=0.02, malformed=0.02, latency=0.005))

    batch = generate(reviews(), 400, policy=QUICK, settings=settings)

    assert (len(batch), batch.status) == (400, "done")
    assert len({record.index for record in batch.records if record.accepted}) == 400
    assert len(loopback.requests) <= 1.25 * 400


def test_a_run_that_only_fails_stops(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.replies(error(500, "Broken for good"))

    batch = generate(reviews(), 300, policy=QUICK, settings=settings)

    assert batch.status == "stopped"
    assert "Broken for good" in batch.reason
    assert len(loopback.requests) <= 5 * (2 * 16 + 16)  # tries of the rows under way


def test_a_run_of_useless_answers_stops(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.replies(Reply(text="half", finish_reason="length"))

    batch = generate(reviews(params={"max_tokens": 5}), 300, policy=QUICK, settings=settings)

    assert batch.status == "stopped"
    assert "raise max_tokens" in batch.reason
    assert len(loopback.requests) < 90


def test_a_server_that_is_not_there_is_named(reviews: Make, settings: Settings) -> None:
    gone = replace(settings.profiles["lab"], base_url="http://127.0.0.1:9/v1")

    settings = replace(settings, profiles={"lab": gone})
    batch = generate(reviews(), 20, policy=QUICK, settings=settings)

    assert (len(batch), batch.status) == (0, "stopped")
    assert "127.0.0.1:9" in batch.reason


def test_silence_is_an_error_and_is_asked_again(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda number, body: Reply(cut="hang") if number == 1 else None)
    lab = replace(settings.profiles["lab"], silence=1.0, timeout=30.0)

    settings = replace(settings, profiles={"lab": lab})
    batch = generate(reviews(), 4, policy=QUICK, settings=settings)

    assert (len(batch), len(loopback.requests)) == (4, 5)


def test_a_long_pause_is_announced_and_no_more_than_patience(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.replies(error(429, "Come back tomorrow", headers={"Retry-After": "86400"}))
    heard: list[object] = []
    options = {"settings": settings, "policy": QUICK}

    batch = generate(reviews(), 4, on_event=heard.append, **options)

    assert batch.status == "stopped"
    assert "asks to wait 86400 s" in batch.reason
    notices = [event.message for event in heard if isinstance(event, Notice)]
    assert any(": paused by the server until " in told for told in notices)


def test_after_a_storm_of_429_the_pace_is_no_more_than_the_server_bears(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(rate_limit(150, burst=15, latency=0.02))
    lab = replace(settings.profiles["lab"], concurrency=64)
    settings = replace(settings, profiles={"lab": lab})
    run = prepare(reviews(), 900, policy=QUICK, settings=settings)

    from synthnb.api import start

    batch = start(run).result()

    assert len(batch) == 900
    assert len(loopback.requests) < 2 * 900  # 1,200 on a machine that does nothing else


def test_a_server_that_tells_what_is_left_need_not_refuse(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(rate_limit(120, burst=60, latency=0.02, tells=True))
    lab = replace(settings.profiles["lab"], concurrency=32)
    settings = replace(settings, profiles={"lab": lab})
    run = prepare(reviews(), 500, policy=QUICK, settings=settings)

    from synthnb.api import start

    batch = start(run).result()

    assert len(batch) == 500
    assert loopback.counts["429"] <= 0.03 * 500
    (limit,) = run._limits.values()
    assert limit.shrunk == 0
    assert limit.rate is None or limit.rate > 0.5 * 120


def test_random_429_do_not_slow_the_run_down(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(faults(seed=2, rate429=0.10, latency=0.02))
    run = prepare(reviews(), 600, policy=QUICK, settings=settings)

    from synthnb.api import start

    batch = start(run).result()

    assert len(batch) == 600
    assert all(limit.shrunk == 0 for limit in run._limits.values())
