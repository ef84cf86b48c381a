"""Benchmarks as their harnesses read them; the long run asks the harnesses themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from synthnb.batch import Batch
from synthnb.errors import ExportError
from synthnb.export import export
from synthnb.export.benchmarks import place_of
from synthnb.types import JSON, Row
from tests.export.batches import batch, benchmark, qa


def rows_of(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("key", "choices", "place"),
    [
        ("B", ["x", "y"], 1),
        ("b)", ["x", "y"], 1),
        (0, ["x", "y"], 0),
        (14, [12, 14], 1),
        ("14", [12, 14], 1),
        ("A", ["B", "A"], 1),
        ("1", ["x", "y"], 1),
        (7, ["x", "y"], None),
        ("", ["x", "y"], None),
        (None, ["x", "y"], None),
        (True, ["x", "y"], None),
    ],
)
def test_a_key_is_a_choice_a_position_or_a_letter(
    key: JSON, choices: list[JSON], place: int | None
) -> None:
    assert place_of(key, choices) == place


def test_inspect_rows(tmp_path: Path) -> None:
    done = export(benchmark(), tmp_path / "items.jsonl", "inspect")
    assert done.warnings == ("1 row whose key is no choice left out",)
    first, second, third = rows_of(done.path)
    assert (first["input"], first["choices"], first["target"]) == ("1+1?", ["2", "3"], "A")
    assert (second["target"], third["target"]) == ("B", "A")
    assert first["metadata"]["skill"] == "add"
    open_ended = export(
        qa(2), tmp_path / "qa.jsonl", "inspect", columns={"target": "answer.answer"}
    )
    assert rows_of(open_ended.path)[0]["target"] == "It is 0."


def task(folder: Path) -> dict[str, Any]:
    (found,) = folder.glob("*.yaml")
    spec: dict[str, Any] = YAML(typ="safe").load(found.read_text("utf-8"))
    return spec


def test_lm_eval_task_and_data(tmp_path: Path) -> None:
    done = export(benchmark(), tmp_path / "task", "lm-eval")
    spec = task(done.path)
    assert (spec["task"], spec["output_type"]) == ("sample", "multiple_choice")
    data = Path(spec["dataset_kwargs"]["data_files"]["test"])
    assert data == (tmp_path / "task" / "sample.jsonl").resolve()
    (held,) = rows_of(data)
    assert held["question"] == "3-1?\nA. 2\nB. 0"
    assert spec["doc_to_choice"] == ["A", "B"]
    assert held["answer"] == 0
    # The groups that are not held out give the harness its examples.
    shots = rows_of(Path(spec["dataset_kwargs"]["data_files"]["train"]))
    assert spec["fewshot_split"] == "train"
    assert [row["question"][:4] for row in shots] == ["1+1?", "2+2?"]


def test_lm_eval_of_open_questions_and_of_uneven_choices(tmp_path: Path) -> None:
    done = export(qa(3), tmp_path / "qa", "lm-eval", task="My task!")
    spec = task(done.path)
    assert (spec["task"], spec["output_type"]) == ("my_task", "generate_until")
    rows: list[Row] = [
        {"question": "a?", "options": ["1", "2"], "key": 0},
        {"question": "b?", "options": ["1", "2", "3"], "key": 2},
    ]
    uneven = batch("{question: {prompt: a}, options: {prompt: b}, key: {prompt: c}}", rows)
    assert task(export(uneven, tmp_path / "u", "lm-eval").path)["doc_to_choice"] == "labels"


def test_options_that_stand_in_the_question_are_not_written_twice(tmp_path: Path) -> None:
    rows: list[Row] = [{"item": "1+1? A) 2 B) 3", "options": ["2", "3"], "key": "A"}]
    source = batch("{item: {prompt: a}, options: {prompt: b}, key: {prompt: c}}", rows)
    done = export(source, tmp_path / "t", "lm-eval")
    assert rows_of(done.path / "sample.jsonl")[0]["question"] == "1+1? A) 2 B) 3"


def test_without_a_key_one_line_says_so(tmp_path: Path) -> None:
    source = batch("{question: {prompt: a}}", [{"question": "Why?"}])
    for format in ("inspect", "lm-eval"):
        with pytest.raises(
            ExportError, match=r"needs columns for .* and .*; there are question\."
        ):
            export(source, tmp_path / format, format)
    bad = batch(
        "{q: {prompt: a}, o: {prompt: b}, k: {prompt: c}}", [{"q": "a", "o": ["x"], "k": "y"}]
    )
    with pytest.raises(ExportError, match="no row has a key"):
        export(
            bad,
            tmp_path / "x",
            "inspect",
            columns={"input": "q", "choices": "o", "target": "k"},
        )
    assert not list(tmp_path.iterdir()) or not (tmp_path / "x").exists()


def unchecked() -> Batch:
    made = benchmark()
    return made.replace(recipe=made.recipe.replace(checks=(), split=None))


def test_a_benchmark_without_a_contamination_check_stays_here(tmp_path: Path) -> None:
    for format in ("inspect", "lm-eval"):
        with pytest.raises(ExportError, match="only after a contamination check"):
            export(unchecked(), tmp_path / "x", format)
    assert not list(tmp_path.iterdir())
    done = export(unchecked(), tmp_path / "x.jsonl", "inspect", against=[])
    assert "not checked for contamination: no training rows were named" in done.warnings


def test_items_of_the_training_rows_stay_behind(tmp_path: Path) -> None:
    train = tmp_path / "train.jsonl"
    train.write_text('{"text": "Somebody asked: 2+2? Nobody knew."}\n', "utf-8")
    done = export(unchecked(), tmp_path / "x.jsonl", "inspect", against=str(train), ngram=2)
    assert "1 item left out: words of the training rows" in done.warnings
    assert [row["input"] for row in rows_of(done.path)] == ["1+1?", "3-1?"]
    rows = [{"q": text} for text in ("1+1?", "2+2?", "3-1?", "9-1?")]
    with pytest.raises(ExportError, match="every item stands in the training rows"):
        export(unchecked(), tmp_path / "y.jsonl", "inspect", against=rows)
