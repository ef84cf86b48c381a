"""What each training kind promises, on tapes of the embedded model."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from synthnb import api
from synthnb.export import export
from synthnb.settings import Settings
from synthnb.types import Record
from tests.kinds.training import replayed
from tests.kindtapes import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_runs_as_it_ships(kind: str, tmp_path: Path) -> None:
    batch = replayed(kind, tmp_path)

    assert batch.status == "done" and len(batch) == KINDS[kind][0]
    assert batch.usage.requests == 0
    export(batch, tmp_path / "rows.jsonl")
    lines = (tmp_path / "rows.jsonl").read_text().splitlines()
    assert [json.loads(line)["_synthnb"]["origin"] for line in lines] == ["synthetic"] * len(
        batch
    )


def test_text_has_its_label_and_a_person_of_its_own(tmp_path: Path) -> None:
    batch = replayed("text", tmp_path)

    about = batch.recipe.columns["about"].of
    assert all(row["about"] in about[row["topic"]] for row in batch)
    assert len({row["who"]["name"] for row in batch}) == len(batch)
    for record in batch.accepted:
        assert record.values["who"]["city"] in record.calls[0].messages[0]["content"]
        assert len(record.calls[0].few_shot) == 4


def test_a_list_becomes_rows(tmp_path: Path) -> None:
    batch = replayed("text-list", tmp_path)

    assert len({call.answer for record in batch.records for call in record.calls}) == 1
    assert len({row["text"] for row in batch}) == 4
    assert len({(row["place"], row["mood"]) for row in batch}) == 1


def test_answers_are_cited_word_for_word_or_the_text_does_not_say(tmp_path: Path) -> None:
    batch = replayed("qa", tmp_path)

    kinds = {row["answerable"] for row in batch}
    assert kinds == {"yes", "no"}, "the tape holds both"
    for row in batch:
        answer, context = row["answer"], row["context"]
        whole = (tmp_path / row["document"]).read_text()
        if row["answerable"] == "yes":
            assert answer["citations"] and context in whole
            assert all(quote in context for quote in answer["citations"])
        else:
            assert answer == {"answer": "The text does not say.", "citations": []}
            before, after = context.split("[…]")
            assert before in whole and after in whole and context not in whole
    assert "chunk" not in batch.columns and "cited" not in batch.columns


@pytest.mark.parametrize("kind", ["conversation", "conversation-tools"])
def test_roles_alternate_exactly(kind: str, tmp_path: Path) -> None:
    batch = replayed(kind, tmp_path)
    turns = batch.recipe.columns["chat"].turns

    for row in batch:
        spoken = [t for t in row["chat"] if t["role"] != "tool" and not t.get("tool_calls")]
        roles = [turn["role"] for turn in spoken]
        assert roles == list(
            itertools.islice(itertools.cycle(["user", "assistant"]), len(roles))
        )
        assert roles[-1] == "assistant" and turns.min <= len(roles) <= turns.max
        assert all(turn["content"].strip() for turn in spoken)


def test_a_tool_says_what_the_row_says(tmp_path: Path) -> None:
    batch = replayed("conversation-tools", tmp_path)

    for row in batch:
        (call,) = next(t["tool_calls"] for t in row["chat"] if t.get("tool_calls"))
        result = next(turn for turn in row["chat"] if turn["role"] == "tool")
        assert result["tool_call_id"] == call["id"]
        assert json.loads(result["content"])["count"] == row["count"]
    done = export(batch, tmp_path / "talks.jsonl", "openai")
    talk = json.loads(done.path.read_text().splitlines()[0])
    assert [tool["function"]["name"] for tool in talk["tools"]] == ["look_up"]


def verdicts(records: Any) -> list[str]:
    def of(record: Record) -> str:
        return next(str(r.message) for r in record.checks if r.rule == "code")

    return [of(record) for record in records]


@pytest.mark.parametrize("kind", ["code", "code-oss"])
def test_tests_that_did_not_run_are_marked(kind: str, tmp_path: Path) -> None:
    batch = replayed(kind, tmp_path)

    assert all("tests not run (tier 0)" in said for said in verdicts(batch.accepted))
    saved = export(batch, tmp_path / "rows.jsonl").path.read_text()
    assert saved.count("tests not run") == len(batch)
    said = f"Tests not run in {len(batch)} of {len(batch)} rows (code)."
    assert batch.card().count(said) == 1
    assert (said in str(batch)) == (kind == "code"), "where nothing else is worth a look first"


def test_with_execution_only_what_passes_is_kept(tmp_path: Path) -> None:
    (tmp_path / "tests.jsonl").write_text("")
    good = {"task": "add", "solution": "def add(a, b):\n    return a + b"}
    rows = [
        {**good, "tests": "assert add(1, 2) == 3"},
        {**good, "tests": "assert add(1, 2) == 4"},
    ]
    recipe = api.load(_code_check(tmp_path))
    batch = api.generate(recipe, 2, source=rows, settings=Settings(run_code=True))

    assert len(batch) == 1 and "tests passed (tier" in verdicts(batch.accepted)[0]
    (lost,) = {record.reasons[0].message for record in batch.records if not record.accepted}
    assert lost.startswith("tests failed (tier")


def _code_check(folder: Path) -> Path:
    """The check of the shipped recipe over solutions that are there."""
    path = folder / "check.synth.yaml"
    path.write_text(
        "synthnb: 1\nname: check\nsource: {path: tests.jsonl}\n"
        "columns:\n  both: {expression: '{{ solution }}'}\n"
        "checks:\n  - {code: {column: solution, tests: tests}}\n"
        "target: {max_candidates: 2}\n"
    )
    return path


def test_seeds_and_rows_of_earlier_rounds(tmp_path: Path) -> None:
    batch = replayed("instruction", tmp_path)
    seeds = [json.loads(s) for s in (tmp_path / "seed_tasks.jsonl").read_text().splitlines()]

    for place, record in enumerate(batch.records):
        picks = next(c.few_shot for c in record.calls if c.column == "instruction")
        own = [pick for pick in picks if pick >= len(seeds)]
        assert len(picks) == 8 and len(own) == (0 if place < 4 else 2)
        assert len(record.parents) == len(own)
    novelty = [r.value for rec in batch.accepted for r in rec.checks if r.rule == "novelty"]
    assert len(novelty) == len(batch) and max(novelty) <= 0.7


def test_a_task_evolves_by_its_operator(tmp_path: Path) -> None:
    batch = replayed("instruction-evol", tmp_path)

    for record in batch.accepted:
        assert record.values["instruction"] != record.source["instruction"]
        assert record.source["instruction"] in record.calls[0].messages[-1]["content"]
    assert "how" not in batch.columns and len({row["operator"] for row in batch}) == len(batch)


def test_answers_are_the_texts_of_people(tmp_path: Path) -> None:
    batch = replayed("instruction-backtranslation", tmp_path)

    for row in batch:
        assert row["response"] == (tmp_path / row["document"]).read_text().strip()


def test_magpie_sends_the_bare_template(tmp_path: Path) -> None:
    batch = replayed("instruction-magpie", tmp_path)

    for record in batch.accepted:
        (asked,) = record.calls[0].messages
        assert asked["content"].endswith("<|im_start|>user\n")
        assert record.values["instruction"] and record.values["response"]
