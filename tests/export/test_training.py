"""Formats for trainers, read back with ``datasets`` as those trainers read them.

The rules of TRL's columns are those of its documentation (Dataset formats and types).
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest

from synthnb.batch import Batch
from synthnb.errors import ExportError
from synthnb.export import FORMATS, export
from synthnb.types import Reason, Row
from tests.export.batches import HEAD, batch, preferences, qa, row, talks


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """``datasets`` keeps its cache with the test; its own open files are its affair."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield


def loaded(source: Batch, path: Path, format: str, **options: Any) -> datasets.Dataset:
    """The exported file as ``datasets`` reads it."""
    done = export(source, path, format, **options)
    cache = str(path.parent / "cache")
    found = datasets.load_dataset("json", data_files=str(done.path), cache_dir=cache)["train"]
    assert len(found) == done.rows
    return found


def lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_chat_of_questions_and_of_talks(tmp_path: Path) -> None:
    found = loaded(qa(), tmp_path / "qa.jsonl", "chat")
    assert found[3]["messages"] == [
        {"role": "user", "content": "What is 3?"},
        {"role": "assistant", "content": "It is 3."},
    ]
    export(talks(), tmp_path / "talks.jsonl", "chat")
    second = lines(tmp_path / "talks.jsonl")[1]
    assert [m["role"] for m in second["messages"]][:2] == ["user", "assistant"]
    assert second["tools"][0] == {
        "type": "function",
        "function": {"name": "price", "parameters": {"type": "object"}},
    }


def test_a_system_prompt_is_added_only_if_asked_for(tmp_path: Path) -> None:
    found = loaded(qa(), tmp_path / "a.jsonl", "chat", system="Be short.")
    assert found[0]["messages"][0] == {"role": "system", "content": "Be short."}


def test_openai_ends_on_the_assistant_and_spells_calls_as_text(tmp_path: Path) -> None:
    done = export(talks(), tmp_path / "ft.jsonl", "openai")
    assert "10 rows or more" in done.warnings[0]
    for one in lines(done.path):
        assert set(one) <= {"messages", "tools"}
        assert one["messages"][-1]["role"] == "assistant"
    called = lines(done.path)[1]["messages"][1]["tool_calls"][0]
    assert called["type"] == "function"
    assert json.loads(called["function"]["arguments"]) == {"of": "lamp"}


def test_trl_has_calls_as_chat_templates_read_them(tmp_path: Path) -> None:
    """The ``trl`` docs on tool calling: arguments are an object, a result names its tool."""
    found = loaded(talks(), tmp_path / "sft.jsonl", "trl-sft")[1]["messages"]
    call, result = found[1]["tool_calls"][0]["function"], found[2]
    assert call == {"name": "price", "arguments": {"of": "lamp"}}
    assert (result["role"], result["name"], result["content"]) == ("tool", "price", "30")


def test_sharegpt_and_alpaca(tmp_path: Path) -> None:
    found = loaded(qa(), tmp_path / "s.json", "sharegpt")
    assert found[0]["conversations"] == [
        {"from": "human", "value": "What is 0?"},
        {"from": "gpt", "value": "It is 0."},
    ]
    assert json.loads((tmp_path / "s.json").read_text("utf-8"))[0]["conversations"]
    said = [turn["from"] for turn in _shared(tmp_path)]
    assert said == ["human", "function_call", "observation", "gpt", "human"]
    alpaca = loaded(qa(), tmp_path / "a.jsonl", "alpaca", columns={"input": "answer.citations"})
    assert alpaca.column_names == ["instruction", "input", "output"]
    assert alpaca[1] == {"instruction": "What is 1?", "input": '["p. 1"]', "output": "It is 1."}


def _shared(folder: Path) -> list[Row]:
    export(talks(), folder / "t.jsonl", "sharegpt")
    turns: list[Row] = lines(folder / "t.jsonl")[1]["conversations"]
    return turns


def test_sft_takes_pairs_talks_or_text(tmp_path: Path) -> None:
    pairs = loaded(qa(), tmp_path / "p.jsonl", "trl-sft")
    assert pairs.column_names == ["prompt", "completion"]
    assert pairs[0]["completion"] == [{"role": "assistant", "content": "It is 0."}]
    plain = loaded(qa(), tmp_path / "q.jsonl", "trl-sft", conversational=False)
    assert plain[0] == {"prompt": "What is 0?", "completion": "It is 0."}
    export(talks(), tmp_path / "t.jsonl", "trl-sft")
    assert {"messages"} <= set(lines(tmp_path / "t.jsonl")[0])
    stories = batch("{text: {prompt: Tell}}", [{"text": "Once."}])
    assert loaded(stories, tmp_path / "x.jsonl", "trl-sft")[0] == {"text": "Once."}


def test_dpo_of_ranked_candidates_leaves_ties_and_both_bad_out(tmp_path: Path) -> None:
    found = loaded(preferences(), tmp_path / "dpo.jsonl", "trl-dpo")
    assert list(found) == [
        {
            "prompt": [{"role": "user", "content": "Q0?"}],
            "chosen": [{"role": "assistant", "content": "yes 0"}],
            "rejected": [{"role": "assistant", "content": "no 0"}],
            "margin": 0.75,
        }
    ]
    done = export(preferences(), tmp_path / "b.jsonl", "trl-dpo", conversational=False)
    assert lines(done.path)[0]["chosen"] == "yes 0"
    assert sorted(done.warnings) == [
        "1 row not ranked left out",
        "1 row that ended in a tie left out",
        "1 row whose answers are all bad left out",
    ]


def test_dpo_of_columns_and_the_line_when_there_are_none(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"q": "Q?", "good": "yes", "bad": "no"},
        {"q": "Q?", "good": "a", "bad": "a"},
    ]
    source = batch("{q: {prompt: a}, good: {prompt: b}, bad: {prompt: c}}", rows)
    named = {"prompt": "q", "chosen": "good", "rejected": "bad"}
    found = loaded(source, tmp_path / "d.jsonl", "trl-dpo", columns=named)
    assert found.column_names == ["prompt", "chosen", "rejected"]
    assert len(found) == 1
    with pytest.raises(ExportError, match=r"chosen and rejected.*there are q, good, bad\."):
        export(source, tmp_path / "e.jsonl", "trl-dpo")
    assert not (tmp_path / "e.jsonl").exists()


def test_kto_labels_by_acceptance_but_a_repetition_is_not_bad(tmp_path: Path) -> None:
    source = qa(2)
    wrong = {"question": "Why?", "answer": {"answer": "As an AI…"}}
    records = [
        *source.records,
        row(5, wrong, Reason("stop_phrases", "As an AI")),
        row(6, wrong, Reason("near_duplicate", 0.9)),
    ]
    found = loaded(source.replace(records=records), tmp_path / "k.jsonl", "trl-kto")
    assert found.column_names == ["prompt", "completion", "label"]
    assert found["label"][:] == [True, True, False]
    assert "learns from both" in export(qa(2), tmp_path / "l.jsonl", "trl-kto").warnings[0]
    ranked = loaded(preferences(), tmp_path / "r.jsonl", "trl-kto")
    assert ranked["label"][:] == [True, False]


def test_a_column_of_labels_may_be_named(tmp_path: Path) -> None:
    rows: list[Row] = [{"q": "Q", "a": "A", "ok": "yes"}, {"q": "Q", "a": "B", "ok": "no"}]
    source = batch("{q: {prompt: a}, a: {prompt: b}, ok: [yes, no]}", rows)
    named = {"prompt": "q", "completion": "a", "label": "ok"}
    assert loaded(source, tmp_path / "k.jsonl", "trl-kto", columns=named)["label"][:] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    "format", ["chat", "openai", "sharegpt", "alpaca", "trl-sft", "trl-kto"]
)
def test_a_format_that_does_not_fit_says_what_it_needs(tmp_path: Path, format: str) -> None:
    source = batch("{topic: [a, b], body: {prompt: Tell}}", [{"topic": "a", "body": "Words."}])
    with pytest.raises(ExportError, match=r"needs columns for .*there are topic, body\. Say"):
        export(source, tmp_path / "x.jsonl", format)
    assert not list(tmp_path.glob("x*"))
    named = {"prompt": "topic", "response": "body"}
    assert export(source, tmp_path / "x.jsonl", format, columns=named).rows == 1


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"did you mean .*sharegpt"):
        export(qa(), tmp_path / "a", "sharegtp")
    with pytest.raises(ExportError, match=r"did you mean .*question"):
        export(qa(), tmp_path / "a", "chat", columns={"prompt": "qestion"})
    with pytest.raises(ExportError, match=r"has no 'promt'.*did you mean"):
        export(qa(), tmp_path / "a", "chat", columns={"promt": "question"})
    with pytest.raises(ExportError, match=r"has no option sistem.*did you mean"):
        export(qa(), tmp_path / "a", "chat", sistem="x")
    with pytest.raises(ExportError, match="leave columns out"):
        export(qa(), tmp_path / "a.jsonl", columns={"prompt": "question"})


def test_only_spreadsheets_neutralise_formulas(tmp_path: Path) -> None:
    source = batch(
        "{prompt: {prompt: a}, response: {prompt: b}}", [{"prompt": "=1+1", "response": "@x"}]
    )
    for name, format in enumerate(FORMATS):
        if format in ("excel", "csv", "parquet", "hf", "lm-eval", "inspect", "trl-dpo"):
            continue
        text = export(source, tmp_path / f"{name}.jsonl", format).path.read_text("utf-8")
        assert "'=" not in text
    assert "'=1+1" in export(source, tmp_path / "x.csv", "excel").path.read_text("utf-8-sig")


def test_rows_without_an_answer_are_left_out_and_counted(tmp_path: Path) -> None:
    rows: list[Row] = [{"prompt": "a", "response": "b"}, {"prompt": "a", "response": None}]
    source = batch("{prompt: {prompt: a}, response: {prompt: b}}", rows, HEAD)
    for format in ("chat", "alpaca", "trl-sft"):
        done = export(source, tmp_path / f"{format}.jsonl", format)
        assert (done.rows, done.warnings) == (1, ("1 row without an answer left out",))


def test_candidates_that_nobody_ranked_are_no_pairs(tmp_path: Path) -> None:
    whole = preferences()
    waiting = whole.replace(records=whole.records[3:])
    with pytest.raises(ExportError, match="nobody ranked the candidates of response yet"):
        export(waiting, tmp_path / "a.jsonl", "trl-dpo")


def test_of_ranked_candidates_the_winner_is_the_answer(tmp_path: Path) -> None:
    for format in ("chat", "alpaca", "trl-sft"):
        done = export(preferences(), tmp_path / f"{format}.jsonl", format)
        assert "yes 0" in done.path.read_text("utf-8")
        assert "no 0" not in done.path.read_text("utf-8")


def test_no_row_at_all_is_a_mistake_and_leaves_nothing(tmp_path: Path) -> None:
    source = batch(
        "{prompt: {prompt: a}, response: {prompt: b}}", [{"prompt": "a", "response": None}]
    )
    with pytest.raises(ExportError, match="no row to write"):
        export(source, tmp_path / "a.jsonl", "chat")
    with pytest.raises(ExportError, match="export talks as sharegpt"):
        export(
            talks(),
            tmp_path / "b.jsonl",
            "alpaca",
            columns={"prompt": "chat", "output": "chat"},
        )
    assert not list(tmp_path.iterdir())
    assert export(source.replace(records=[]), tmp_path / "c.jsonl").rows == 0
