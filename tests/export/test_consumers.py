"""The large readers themselves: Inspect, lm-evaluation-harness, mlcroissant.

``make consumers``, a part of ``make test-long``, runs them in an environment of its own.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthnb.export import export
from tests.export.batches import benchmark, qa

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def loose() -> Iterator[None]:
    """Warnings of those packages are theirs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def need(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        pytest.fail(f"{error}: `make consumers` installs what this reads")


def test_inspect_reads_its_dataset(tmp_path: Path) -> None:
    dataset = need("inspect_ai.dataset")
    items = dataset.json_dataset(str(export(benchmark(), tmp_path / "a.jsonl", "inspect").path))
    assert [(s.input, s.choices, s.target) for s in items][:2] == [
        ("1+1?", ["2", "3"], "A"),
        ("2+2?", ["5", "4"], "B"),
    ]
    assert items[0].metadata["skill"] == "add"
    named = {"target": "answer.answer"}
    plain = dataset.json_dataset(
        str(export(qa(), tmp_path / "b.jsonl", "inspect", columns=named).path)
    )
    assert (plain[0].input, plain[0].target) == ("What is 0?", "It is 0.")


def test_the_harness_builds_requests_from_the_task(tmp_path: Path) -> None:
    tasks = need("lm_eval.tasks")
    export(benchmark(), tmp_path / "tasks" / "choice", "lm-eval")
    export(qa(), tmp_path / "tasks" / "open", "lm-eval", task="open_qa")
    manager = tasks.TaskManager(include_path=str(tmp_path / "tasks"))
    found = tasks.get_task_dict(["sample", "open_qa"], manager)
    choice = found["sample"]
    docs = list(choice.test_docs())
    assert choice.doc_to_text(docs[0]) == "3-1?\nA. 2\nB. 0\nAnswer:"
    assert choice.doc_to_choice(docs[0]) == ["A", "B"]
    assert [choice.doc_to_target(doc) for doc in docs] == [0]
    assert [choice.doc_to_target(doc) for doc in choice.fewshot_docs()] == [0, 1]
    plain = found["open_qa"]
    assert plain.doc_to_target(next(iter(plain.test_docs()))) == "It is 0."


def test_a_run_of_the_harness_scores_the_task(tmp_path: Path) -> None:
    lm_eval = need("lm_eval")
    tasks = need("lm_eval.tasks")
    export(benchmark(), tmp_path / "tasks", "lm-eval")
    manager = tasks.TaskManager(include_path=str(tmp_path / "tasks"))
    results = lm_eval.simple_evaluate(
        model="dummy", tasks=["sample"], task_manager=manager, bootstrap_iters=0
    )
    assert 0 <= results["results"]["sample"]["acc,none"] <= 1


def test_croissant_is_valid_and_reads_the_rows(tmp_path: Path) -> None:
    croissant = need("mlcroissant")
    done = export(qa(), tmp_path / "set", "hf")
    data = croissant.Dataset(str(done.path / "croissant.json"))
    assert not data.metadata.ctx.issues.errors
    first = next(iter(data.records("train")))
    assert "What is 0?" in str(first)
