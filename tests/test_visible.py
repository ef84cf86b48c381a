from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthnb.types import Usage
from synthnb.visible import as_text, clip, cost, duration, number, one_line, visible, width


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("nul\x00", "nul⟨U+0000⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("pass\xadword\u3164", "pass⟨U+00AD⟩word⟨U+3164⟩"),
        ("☺\ufe0f\U000e0148\U000e0159", "☺\ufe0f⟨U+E0148⟩⟨U+E0159⟩"),
        ("two\r\nlines\tand tab", "two\nlines\tand tab"),
        ("\r overwrite", "⟨U+000D⟩ overwrite"),
        ("👩‍🔬 שלום ❤\ufe0f 葛\U000e0100", "👩‍🔬 שלום ❤\ufe0f 葛\U000e0100"),
    ],
)
def test_hidden_characters_are_shown_and_scripts_left_alone(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_visible_text_can_always_be_sent_and_printed(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_time_is_as_long_as_it_reads() -> None:
    assert [duration(seconds) for seconds in (0, 89, 90, 5399, 5400, 36_000)] == [
        "1 s", "89 s", "2 min", "90 min", "1.5 h", "10.0 h",
    ]  # fmt: skip


def test_numbers_read_as_in_a_report() -> None:
    assert [number(v) for v in (6, 6.0, 9.6, 1204, -0.195, 0.00001)] == [
        "6", "6", "9.6", "1,204", "−0.195", "1e−05",
    ]  # fmt: skip
    assert number(float("inf")) == "–"


def test_an_unknown_price_is_never_zero() -> None:
    assert cost(Usage(cost=None)) == "cost unknown"
    assert cost(Usage(cost=0.0)) == "no cost"
    assert cost(Usage(cost=0.31)) == "0.31 USD"
    assert cost(Usage(cost=0.0497)) == "0.0497 USD"


def test_values_become_text() -> None:
    assert as_text({"a": [1, "é"]}) == '{"a": [1, "é"]}'
    assert as_text(None) == "–"
    assert as_text(True) == "true"
    assert clip("abcdef", 4) == "abc…"
    assert one_line("a\n\n  b\x07", 50) == "a b⟨U+0007⟩"
    assert width("日本e\u0301") == 5
