"""``grounded`` and ``pii``: what an answer may say."""

from __future__ import annotations

import pytest

from synthnb.types import JSON, Reason
from tests.checks.conftest import judged, made

SHOP = (
    "The shop in Bath opens at 9 a.m. and closes at 17:30. Items may be returned within 30 "
    "days of purchase, said Maria Holt. The lamp costs 1,200 pounds."
)
CHINESE = "这家商店上午9点开门,下午5点关门。购买后30天内可以退货。"


def ground(answer: str, citations: JSON, chunk: str = SHOP) -> Reason:
    check = made(
        "grounded", column="answer.text", **{"in": "chunk", "citations": "answer.quotes"}
    )
    values = {"chunk": chunk, "answer": {"text": answer, "quotes": citations}}
    (reason,) = judged(check, values)
    return reason


@pytest.mark.parametrize(
    ("answer", "quote"),
    [
        ("You can return items within 30 days.", "Items may be returned within 30 days"),
        ("You can return items within 30 days.", "items  may be RETURNED within 30 days."),
        ("You can return items within 30 days.", "Items may be returned … days of purchase"),
        ("The lamp costs 1200 pounds.", "The lamp costs 1,200 pounds"),
        ("Maria Holt said that.", "said Maria Holt"),
        ("Yes.", "opens at 9 a.m."),
        ("You can return items within thirty days.", "Items may be returned within 30 days"),
        ("The lamp costs 1.2 thousand pounds.", "The lamp costs 1,200 pounds"),
        ("Two things: it opens at 9 and closes at 17:30.", "opens at 9 a.m."),
    ],
)
def test_what_the_source_says_is_grounded(answer: str, quote: str) -> None:
    assert ground(answer, [quote]).passed


@pytest.mark.parametrize(
    ("answer", "quotes", "told"),
    [
        ("You can return items within 60 days.", ["closes at 17:30"], "not in the source: 60"),
        ("You can return items within sixty-one days.", ["closes at 17:30"], "source: 61"),
        ("The lamp costs 1,200 million pounds.", ["The lamp costs 1,200 pounds"], "1200000000"),
        ("The shop in London opens at 9.", ["opens at 9"], "London"),
        ("Items may be returned.", ["Items may be returned within 60 days"], "does not say"),
        ("Items may be returned.", ["Refunds are paid in cash at the till"], "does not say"),
        ("Items may be returned.", [], "cites nothing"),
        ("Items may be returned.", None, "cites nothing"),
        ("", ["opens at 9"], "no answer"),
        ("The moon is made of green cheese.", ["opens at 9"], "0% of its words"),
    ],
)
def test_what_it_does_not_say_is_told(answer: str, quotes: JSON, told: str) -> None:
    reason = ground(answer, quotes)

    assert not reason.passed
    assert told in reason.message


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("one hundred and twenty dollars", "$120"),
        ("$120", "one hundred and twenty dollars"),
        ("the twenty-first century", "the 21st century"),
        ("the 21st century", "the twenty-first century"),
        ("twenty thousand", "20,000"),
        ("the thirty-first of May", "31 May"),
        ("fifteen hundred years ago", "1,500 years ago"),
        ("1,205,300", "one million two hundred and five thousand three hundred"),
        ("20,500", "twenty thousand, five hundred"),
        ("100 or 200", "between one hundred and two hundred"),
        ("between one hundred and two hundred", "100 or 200"),
        ("10 to 20", "between ten and twenty"),
        ("100", "a hundred"),
        ("a sixty second delay", "60 seconds"),
        ("nineteen eighty-four", "1984"),
    ],
)
def test_a_run_of_number_words_is_one_number(answer: str, source: str) -> None:
    rest = "was what the notice in the window said"

    assert ground(f"That {answer} {rest}.", [rest], f"Well, {source} {rest}.").passed


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ("It costs one hundred and thirty dollars.", "130"),
        ("It is on the twenty-first of May.", "21"),
        ("There are twenty thousand.", "20000"),
        ("It is ninety-nine billion.", "99000000000"),
    ],
)
def test_a_number_in_words_that_the_source_lacks(answer: str, missing: str) -> None:
    source = "It costs 120 dollars. There are 20 on 31 May."
    reason = ground(answer, ["It costs 120 dollars"], source)

    assert reason.message == f"not in the source: {missing}"


@pytest.mark.parametrize(
    ("answer", "quote", "passed"),
    [
        ("商店上午9点开门。", "上午9点开门", True),
        ("商店上午8点开门。", "上午9点开门", False),
        ("月亮是绿色奶酪做的。", "上午9点开门", False),
        ("商店上午9点开门。", "商店周日也开门", False),
    ],
)
def test_groundedness_in_a_script_without_spaces(answer: str, quote: str, passed: bool) -> None:
    assert ground(answer, [quote], CHINESE).passed is passed


def test_an_empty_source_makes_it_unknown() -> None:
    reason = ground("Anything.", ["x"], "")

    assert (reason.passed, reason.value) == (True, None)


def test_long_hostile_answers_cost_little() -> None:
    import time

    began = time.process_time()
    ground("A " * 10_000 + "A" + " " * 30_000 + "1," * 20_000, ["(" * 5_000], SHOP * 100)
    assert time.process_time() - began < 2


def test_pii_is_counted_and_never_quoted() -> None:
    check = made("pii", column="text")
    (reason,) = judged(check, {"text": "Write to ana@example.com or ana.b@example.org."})

    assert not reason.passed
    assert reason.value == {"email": 2}
    assert "ana" not in reason.message
    assert "names of people and places in free text are not found" in reason.message


def test_pii_in_any_column_of_any_shape() -> None:
    check = made("pii", kinds=["card", "phone"])
    row = {
        "text": "fine",
        "answer": {"list": ["4111 1111 1111 1111"]},
        "label": 4111111111111111,
    }

    (reason,) = judged(check, row)
    assert reason.value == {"card": 2}


def test_addresses_of_ones_own_are_allowed() -> None:
    check = made("pii", column="text", allow=["Help@example.com"])

    assert judged(check, {"text": "Mail help@example.com."})[0].passed
    assert judged(check, {"text": ""})[0].passed
    assert judged(check, {"text": "😀 Ana wohnt in Graz"})[0].passed  # a name: not found
