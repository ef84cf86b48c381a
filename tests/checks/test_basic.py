"""The cheap checks, as recipes name them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from synthnb.checks import Candidate, CheckContext, OrderedCheck, build
from synthnb.errors import CheckError
from synthnb.recipe.parts import CheckSpec
from synthnb.types import JSON, Reason

CONTEXT = CheckContext(columns=("text", "label"), source_rows=lambda: [{"text": "a real row"}])


def check(rule: str, **options: Any) -> OrderedCheck:
    made: Any = build(CheckSpec(rule=rule, options=options), CONTEXT)
    return made


def ask(made: OrderedCheck, text: JSON, label: JSON = None) -> Reason:
    (reason,) = asyncio.run(made(Candidate(0, {"text": text, "label": label})))
    return reason


@pytest.mark.parametrize(
    ("rule", "options", "text", "passed", "value"),
    [
        ("length", {"min": 3, "max": 5}, "four", True, 4),
        ("length", {"min": 3, "max": 5}, "sixsix", False, 6),
        ("length", {"min": 3}, "", False, 0),
        ("words", {"max": 2}, "one, two three", False, 3),
        ("words", {"min": 2}, [{"role": "user", "content": "one two"}], True, 2),
        ("choices", {"values": ["a", "b"]}, "b", True, "b"),
        ("choices", {"values": ["a", "b"]}, "c", False, "c"),
    ],
)
def test_one_value(
    rule: str, options: dict[str, JSON], text: JSON, passed: bool, value: JSON
) -> None:
    reason = ask(check(rule, column="text", **options), text)

    assert (reason.passed, reason.value, reason.rule) == (passed, value, rule)


def test_a_dotted_column_goes_into_an_object() -> None:
    made = check("length", column="text.answer", min=3)

    assert ask(made, {"answer": "long enough"}).passed
    assert not ask(made, {"answer": "no"}).passed


def test_exact_duplicates_are_those_of_accepted_rows() -> None:
    made = check("duplicate", column="text")
    assert ask(made, "one and  the same").passed
    made.admit(Candidate(0, {"text": "one and  the same"}))

    assert not ask(made, "one and the same").passed
    assert ask(made, "One and the same").passed


def test_near_duplicates_share_most_runs_of_three_words() -> None:
    made = check("near_duplicate", column="text", threshold=0.5)
    made.admit(Candidate(4, {"text": "the lid broke off in the first week of use"}))

    near = ask(made, "The lid broke off in the first week of it")
    assert not near.passed
    assert near.value > 0.5
    assert "row 4" in near.message
    assert ask(made, "the battery lasts for two days and charges fast").passed


def test_the_source_can_be_compared_with() -> None:
    made = check("duplicate", column="text", against=["accepted", "source"])

    assert not ask(made, "a real row").passed


@pytest.mark.parametrize(
    ("rule", "options", "told"),
    [
        ("lenght", {}, "did you mean 'length'"),
        ("length", {"column": "text"}, "needs 'min' or 'max'"),
        ("length", {"min": 3}, "needs 'column'"),
        ("length", {"column": "txt", "min": 3}, "no column 'txt'"),
        ("length", {"column": "text", "minn": 3}, "did you mean 'min'"),
        ("near_duplicate", {"column": "text", "threshold": 3}, "between 0 and 1"),
        ("near_duplicate", {"column": "text", "against": ["all"]}, "against"),
        ("choices", {"column": "text", "values": []}, "list of allowed values"),
    ],
)
def test_slips_are_told(rule: str, options: dict[str, JSON], told: str) -> None:
    with pytest.raises(CheckError, match=told):
        check(rule, **options)
