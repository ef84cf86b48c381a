"""Checks that compare: copies, near copies, other words, leaks from files."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest

from synthnb.checks import Candidate, CheckContext
from synthnb.errors import CheckError
from tests.checks.conftest import COLUMNS, judged, made, said

LONG = "The kettle boils water quickly and it looks good on the kitchen shelf in the morning"


def admit(check: object, text: str, index: int = 0) -> None:
    check.admit(Candidate(index, {"text": text}))  # type: ignore[attr-defined]


@pytest.fixture
def context(tmp_path: Path) -> CheckContext:
    """A source with other column names, and a file beside the recipe."""
    rows = [{"faq": LONG, "sort": "a"}, {"faq": "再来一壶水,谢谢你的帮助", "sort": "b"}]
    (tmp_path / "train.jsonl").write_text(
        "\n".join(json.dumps({"question": f"{LONG}, said number {i}"}) for i in range(3)),
        "utf-8",
    )
    return CheckContext(columns=COLUMNS, source_rows=lambda: iter(rows), base=str(tmp_path))


def test_novelty_is_rouge_l_as_in_self_instruct() -> None:
    check = made("novelty", column="text")
    admit(check, "Write a short poem about the sea", 3)

    close = said(check, "Write a poem about the sea")
    assert (close.passed, close.value) == (False, 0.9231)
    assert "row 3" in close.message
    assert said(check, "Explain why leaves turn red").passed
    assert said(check, "").passed


def test_a_novelty_of_exactly_the_limit_is_kept() -> None:
    check = made("novelty", column="text", max=0.75)
    admit(check, "我喜欢猫")

    assert said(check, "我喜欢狗").value == 0.75
    assert said(check, "我喜欢狗").passed
    assert not said(check, "我喜欢猫!").passed


def test_novelty_sees_emoji() -> None:
    check = made("novelty", column="text")
    admit(check, "😀😃😄")

    assert not said(check, "😀😃😄").passed
    assert said(check, "🐈🐕🐎").passed


@pytest.mark.parametrize(
    "rule", ["duplicate", "near_duplicate", "novelty", "semantic_duplicate"]
)
def test_source_rows_and_files_are_compared_with(rule: str, context: CheckContext) -> None:
    against = ["accepted", "source", "train.jsonl"]
    check = made(rule, context, column="text", against=against)

    assert "source row 0" in said(check, LONG).message
    assert "source row 1" in said(check, "再来一壶水,谢谢你的帮助").message
    from_file = said(check, f"{LONG}, said number 2")
    assert not from_file.passed
    assert said(check, "Something that nobody has ever put into words before today").passed


def test_rows_join_as_they_are_accepted(context: CheckContext) -> None:
    for rule in ("duplicate", "near_duplicate", "novelty", "semantic_duplicate"):
        check = made(rule, column="text")
        assert said(check, LONG).passed
        admit(check, LONG, 7)
        assert "row 7" in said(check, LONG).message

        fixed = made(rule, context, column="text", against=["train.jsonl"])
        admit(fixed, "a row that is accepted and must not join the file's", 7)
        assert said(fixed, "a row that is accepted and must not join the file's").passed


@pytest.mark.parametrize("when", [None, "label == 'yes'"])
def test_rows_that_are_foreseen_are_told_the_same(when: str | None) -> None:
    words = ["lid", "kettle", "broke", "first", "week", "of", "use", "the", "a"]
    draw = random.Random(2)
    rows = [
        Candidate(i, {"text": " ".join(draw.choices(words, k=9)), "label": label})
        for i, label in enumerate(draw.choices(["yes", "no"], k=300))
    ]
    options = {"column": "text", "threshold": 0.4} | ({"when": when} if when else {})

    def verdicts(block: int) -> list[object]:
        check, found = made("near_duplicate", **options), []
        for start in range(0, len(rows), block):
            if block > 1:
                asyncio.run(check.foresee(rows[start : start + block]))  # type: ignore[attr-defined]
            for row in rows[start : start + block]:
                if row.index % 7 == 0:  # another check was in its way
                    continue
                found.append(list(asyncio.run(check(row))))  # type: ignore[arg-type]
                if all(reason.passed for reason in found[-1]):
                    check.admit(row)  # type: ignore[attr-defined]
        return found

    assert verdicts(50) == verdicts(1)


def test_near_duplicates_in_a_script_without_spaces() -> None:
    check = made("near_duplicate", column="text", threshold=0.6)
    admit(check, "这家商店上午九点开门,下午五点关门,周末不营业,欢迎光临")

    assert not said(check, "这家商店上午九点开门,下午五点关门,周末不营业,欢迎您").passed
    assert said(check, "月亮离地球大约三十八万公里,每年远离一点").passed


def test_other_words_for_the_same_share_their_stems() -> None:
    check = made("semantic_duplicate", column="text", threshold=0.6)
    admit(check, "How can I return a broken lamp and get my money back?", 2)

    near = said(check, "How do I get my money back when I return a broken lamp?")
    assert not near.passed
    assert "row 2" in near.message
    assert said(check, "Which train goes from Vienna to Graz on Sundays?").passed
    assert said(check, "😀").passed
    assert said(check, "").message.startswith("unknown")


def test_weights_are_learned_anew_as_rows_grow() -> None:
    check = made("semantic_duplicate", column="text")
    for i in range(600):
        text = f"Row {i * 7919 % 1000} tells of item {i * 104729 % 9973} in shop {i}"
        said(check, text) if i % 100 == 0 else None
        admit(check, text, i)

    assert not said(check, "Row 0 tells of item 0 in shop 0").passed


def test_contamination_counts_word_runs_of_files(context: CheckContext) -> None:
    check = made("contamination", context, column="text", against=["train.jsonl"], ngram=8)

    leaked = said(check, f"A new question: {LONG.upper()}? Yes.")
    assert not leaked.passed
    assert leaked.value >= 8
    assert said(check, "Nothing of this stands in the file at all, not a single run").passed
    assert said(check, "").passed


def test_perplexity_has_a_band_of_the_reference(context: CheckContext) -> None:
    rows = [{"text": f"the {a} {b} sat on the {c}"} for a in ("old", "big", "red", "sad")
            for b in ("cat", "dog", "hen") for c in ("mat", "rug", "bed")]  # fmt: skip
    source = CheckContext(columns=COLUMNS, source_rows=lambda: iter(rows))
    check = made("perplexity", source, column="text")

    assert said(check, "the old hen sat on the rug").passed
    noise = said(check, "zebra quantum ledger frobnicates eleven purple widgets now")
    assert not noise.passed
    assert "unlike the reference" in noise.message
    assert said(check, "").message.startswith("unknown")
    assert not said(made("perplexity", source, column="text", min=50), "the old cat").passed


@pytest.mark.parametrize(
    ("rule", "options", "told"),
    [
        ("novelty", {"against": ["source"]}, "needs a source"),
        ("novelty", {"against": ["gone.csv"]}, "there is no file gone.csv"),
        ("novelty", {"against": ["../../etc/passwd"]}, "outside its folder|no file"),
        ("novelty", {"against": ["everything"]}, "accepted, source and names of files"),
        ("contamination", {}, "needs 'against'"),
        ("contamination", {"against": ["accepted"]}, "source and names of files"),
        ("perplexity", {}, "needs a source"),
        ("semantic_duplicate", {"embeddings": "lab/x"}, "needs a model"),
    ],
)
def test_what_is_not_there_is_told(
    rule: str, options: dict[str, object], told: str, tmp_path: Path
) -> None:
    with pytest.raises(CheckError, match=told):
        made(rule, CheckContext(columns=COLUMNS, base=str(tmp_path)), column="text", **options)


def test_when_asks_only_some_rows() -> None:
    check = made("length", column="text", min=10, when="label == 'long'")
    assert not said(check, "short", label="long").passed
    assert judged(check, {"text": "short", "label": "any"}) == ()
    with pytest.raises(CheckError, match="'when': there is no column 'lable'; did you mean"):
        made("length", column="text", min=10, when="lable == 'long'")

    apart = made("duplicate", column="text", when="label == 'yes'")
    apart.admit(Candidate(0, {"text": LONG, "label": "no"}))
    assert said(apart, LONG, label="yes").passed
