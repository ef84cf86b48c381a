"""Checks of one text: words, patterns, language, shape, phrases, loops."""

from __future__ import annotations

import time
from typing import Any

import pytest

from synthnb.checks import BUILDERS
from synthnb.errors import CheckError
from synthnb.types import JSON
from tests.checks.conftest import made, said


def test_the_table_holds_every_check() -> None:
    assert set(BUILDERS) >= {
        *("length", "words", "regex", "language", "schema", "choices", "stop_phrases", "pii"),
        *("repetition", "novelty", "duplicate", "near_duplicate", "semantic_duplicate"),
        *("grounded", "perplexity", "judge", "rank", "label_kept", "code", "contamination"),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one two", 2),
        ("it's well-known - isn't it?", 4),
        ("我喜欢猫", 4),
        ("猫 and dog", 3),
        ("😀😀 !!!", 0),
        ("Привет, мир", 2),
        ("!" * 100_000, 0),
    ],
)
def test_words_are_counted_in_any_script(text: str, words: int) -> None:
    assert said(made("words", column="text", min=0), text).value == words


@pytest.mark.parametrize(
    ("options", "text", "passed"),
    [
        ({"require": r"\d+ (EUR|USD)"}, "costs 12 EUR", True),
        ({"require": r"\d+ (EUR|USD)"}, "costs twelve", False),
        ({"forbid": r"^Sure"}, "Sure, here it is", False),
        ({"forbid": ["^Sure", "here it is$"]}, "Well, here it is", False),
        ({"forbid": r"\bпривет\b", "flags": "i"}, "Ну, Привет!", False),
        ({"require": r"^\w+$"}, "日本語", True),
        ({"require": "😀"}, "fine 😀", True),
        ({"require": "."}, "", False),
        ({"require": "a", "forbid": "b"}, "a", True),
    ],
)
def test_patterns_are_searched_with_unicode(
    options: dict[str, JSON], text: str, passed: bool
) -> None:
    assert said(made("regex", column="text", **options), text).passed is passed


def test_a_talk_is_read_with_its_tool_calls() -> None:
    call = {
        "type": "function",
        "function": {"name": "look_up", "arguments": '{"thing":"lamp"}'},
    }
    talk = [
        {"role": "user", "content": "Is there a lamp?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": '{"count":2}'},
        {"role": "assistant", "content": "There are two."},
    ]
    used = made("regex", column="text", require=r"look_up\(")
    assert said(used, talk).passed
    assert not said(used, [talk[0], talk[3]]).passed


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+$", "a" * 41 + "!"),
        (r"(a|aa)+$", "a" * 60 + "!"),
        (r"(.+)\1\1\1$", "ab" * 3000 + "c"),
        (r"(?:(?:a{1,1000}){1,1000}){1,1000}b", "a" * 2000),
        (r"\s+$", " " * 100_000 + "x"),
    ],
)
def test_a_pathological_pattern_costs_a_second_at_most_in_all(pattern: str, text: str) -> None:
    check = made("regex", column="text", forbid=pattern)
    began = time.process_time()
    reasons = [said(check, text) for _ in range(20)]
    spent = time.process_time() - began

    assert spent < 1
    slow = [reason for reason in reasons if "takes too long" in reason.message]
    assert all(not reason.passed for reason in slow)


@pytest.mark.parametrize(
    ("wanted", "text", "passed"),
    [
        ("en", "Where can I find my invoice for last month?", True),
        ("en", "Wo finde ich die Rechnung für den letzten Monat?", False),
        (["en", "de"], "Wo finde ich die Rechnung für den letzten Monat?", True),
        ("ja", "先月の請求書はどこにありますか。", True),
        ("zh", "上个月的发票在哪里可以找到?", True),
        ("en", "上个月的发票在哪里可以找到?", False),
        ("ru", "Где я могу найти счёт за прошлый месяц?", True),
        ("ar", "أين يمكنني العثور على فاتورة الشهر الماضي؟", True),
        ("ko", "지난달 청구서는 어디에 있나요?", True),
        ("fr", "Le chat dort sur le canapé depuis ce matin.", True),
        ("es", "Le chat dort sur le canapé depuis ce matin.", False),
    ],
)
def test_languages_are_told_apart(wanted: JSON, text: str, passed: bool) -> None:
    assert said(made("language", column="text", **{"is": wanted}), text).passed is passed


@pytest.mark.parametrize("text", ["", "😀😀", "12 + 30 = 42", "ok"])
def test_too_little_to_tell_a_language_is_unknown(text: str) -> None:
    reason = said(made("language", column="text", **{"is": "en"}), text)

    assert (reason.passed, reason.value) == (True, None)
    assert reason.message.startswith("unknown")


def test_a_schema_is_judged_on_values_and_on_json_texts() -> None:
    check = made("schema", column="text", schema={"answer": "str", "score": "int"})

    assert said(check, {"answer": "yes", "score": 3}).passed
    assert said(check, '{"answer": "yes", "score": 3}').passed
    assert said(check, {"answer": "yes"}).value == 1
    assert not said(check, "no JSON at all").passed
    assert not said(check, None).passed


def test_choices_know_true_from_one() -> None:
    assert not said(made("choices", column="text", values=[1, 2]), True).passed
    assert said(made("choices", column="text", values=[1, 2]), 2).passed


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("As an AI, I cannot feel joy.", False),
        ("As an aircraft engineer I can.", True),
        ("I’m sorry,  but I can’t help with that.", False),
        ("作为AI,我没有感情。", False),
        ("Als Sprachmodell kann ich das nicht.", False),
        ("", True),
        ("😀", True),
    ],
)
def test_models_that_speak_of_themselves_are_stopped(text: str, passed: bool) -> None:
    assert said(made("stop_phrases", column="text"), text).passed is passed


def test_phrases_of_ones_own_replace_or_join_the_list() -> None:
    own = made("stop_phrases", column="text", phrases=["buy now"])
    both = made("stop_phrases", column="text", also=["buy now"])

    assert not said(own, "BUY  now!").passed
    assert said(own, "As an AI").passed
    assert not said(both, "As an AI").passed
    assert said(own, "BUY  now!").value == "buy now"


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("The kettle boils water quickly and looks good on the shelf.", True),
        ("very very very very very very very very very good", False),
        ("哈哈哈哈哈哈哈哈哈哈哈哈", False),
        ("我喜欢猫,因为它们很可爱,也很安静。", True),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", False),
        ("😀" * 30, False),
        ("", True),
        ("I like it. I like it. I like it. I like it. I like it.", False),
    ],
)
def test_loops_are_found(text: str, passed: bool) -> None:
    assert said(made("repetition", column="text"), text).passed is passed


@pytest.mark.parametrize(
    ("rule", "options", "told"),
    [
        ("regex", {}, "needs 'require' or 'forbid'"),
        ("regex", {"require": "("}, "not valid"),
        ("regex", {"require": "a", "flags": "q"}, "letters out of"),
        ("language", {}, "needs 'is'"),
        ("language", {"is": "english"}, "no language code"),
        ("repetition", {"max": 2}, "between 0 and 1"),
        ("repetition", {"n": 0}, "whole number from 1"),
        ("length", {"min": 5, "max": 2}, "above"),
        ("length", {"min": "5"}, "is a number"),
        ("schema", {}, "needs one of"),
        ("schema", {"schema": {"a": "strr"}}, "did you mean 'str'"),
        ("stop_phrases", {"phrases": [3]}, "list of texts"),
        ("words", {"minimum": 3}, "has no option 'minimum'; it takes column, min, max"),
    ],
)
def test_wrong_options_are_told(rule: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(CheckError, match=told):
        made(rule, column="text", **options)


def test_the_page_on_checks_names_them_all() -> None:
    from pathlib import Path

    page = (Path(__file__).parents[2] / "synthnb" / "docs" / "checks.md").read_text("utf-8")
    aliases = {"label_agreement"}
    assert [rule for rule in BUILDERS if f"| `{rule}` |" not in page] == sorted(aliases)
