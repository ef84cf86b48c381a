"""Rows as a benchmark: an lm-evaluation-harness task, an Inspect dataset."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from synthnb.errors import ExportError
from synthnb.export.columns import Columns, reach, text
from synthnb.export.files import json_lines
from synthnb.export.job import Format, Job
from synthnb.types import JSON, Record, Row
from synthnb.visible import count

if TYPE_CHECKING:
    from synthnb.metrics import ContaminationIndex

__all__ = ["FORMATS", "gate", "place_of"]

_ROLES = ("prompt", "choices", "key", "id")
_AGAINST: dict[str, Any] = {"against": None, "ngram": 13}


def place_of(key: JSON, choices: Sequence[JSON]) -> int | None:
    """Position of the right choice: the key is that choice, its position or its letter.

    >>> place_of("B", ["3", "4"]), place_of(1, ["3", "4"]), place_of("4", ["3", "4"])
    (1, 1, 1)
    """
    for place, choice in enumerate(choices):
        if type(choice) is type(key) and choice == key:
            return place
    if isinstance(key, int) and not isinstance(key, bool):
        return key if 0 <= key < len(choices) else None
    word = text(key).strip()
    letter = ascii_uppercase.find(word.upper().rstrip(".)")) if len(word) <= 2 and word else -1
    if 0 <= letter < len(choices):
        return letter
    texts = [text(choice).strip() for choice in choices]
    if word in texts:
        return texts.index(word)
    return int(word) if word.isdecimal() and int(word) < len(choices) else None


def gate(job: Job) -> ContaminationIndex | None:
    """What items must not stand in; a benchmark without such a check stays here.

    ``against`` are training rows: files, a DataFrame, a batch; a recipe's own check counts too.
    """
    from synthnb.metrics import ContaminationIndex

    given, ngram = job.options["against"], job.options["ngram"]
    recipe = job.batch.recipe
    if given is None:
        if recipe.kind != "benchmark" or any(c.rule == "contamination" for c in recipe.checks):
            return None
        raise ExportError(
            f"{job.format.name}: a benchmark leaves only after a contamination check: pass "
            "against=['train.jsonl'] (or the rows), or add contamination to its checks"
        )
    if not isinstance(ngram, int) or isinstance(ngram, bool) or not 1 <= ngram <= 100:
        raise ExportError(f"ngram is a whole number from 1 to 100, not {ngram!r}")
    texts = list(_known_texts(given))
    if not texts:
        job.warnings.append("not checked for contamination: no training rows were named")
        return None
    return ContaminationIndex(texts, ngram)


def _known_texts(given: Any) -> Iterator[str]:
    from pathlib import Path

    from synthnb.checks.values import texts_of
    from synthnb.recipe.parts import Source
    from synthnb.source import open_source

    several = isinstance(given, list | tuple) and not any(isinstance(g, dict) for g in given)
    for one in given if several else [given]:
        rows = open_source(Source(order="file"), base=Path.cwd(), frame=getattr(one, "df", one))
        for place in range(len(rows)):
            yield from texts_of(list(rows.row(place).values()))


class Items:
    """The rows as items; those whose key fits no choice are counted and left out."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.columns: Columns = job.roles()
        self.prompt, self.key = self.columns.need("prompt", "key")
        self.choices = self.columns.find("choices")
        self.lost = 0
        self.known = gate(job)
        self.copied = 0
        self.sides: dict[int, str] = {}
        if job.batch.recipe.split is not None:
            from synthnb.export.splits import sides

            self.sides = sides(job.batch).of

    def __iter__(self) -> Iterator[tuple[Record, str, list[str], int | None]]:
        """(record, question, choices, position of the right one)."""
        for position, record in enumerate(self._job.batch.accepted):
            row = record.values
            self.side = self.sides.get(position, "test" if not self.sides else "")
            if not self.side:  # it nearly repeats a held-out item
                continue
            if (
                self.known is not None
                and self.known.check(text(reach(row, self.prompt)))["hits"]
            ):
                self.copied += 1
                continue
            choices = reach(row, self.choices) if self.choices is not None else []
            if not isinstance(choices, list):
                choices = []
            place = place_of(reach(row, self.key), choices) if choices else None
            open_ended = not choices and self.choices is None and text(reach(row, self.key))
            if place is None and not open_ended:
                self.lost += 1
                continue
            yield record, text(reach(row, self.prompt)), [text(c) for c in choices], place

    def target(self, record: Record) -> str:
        """The answer of an open question."""
        return text(reach(record.values, self.key))

    def done(self, written: int) -> int:
        """Say what was lost; raise if that was everything."""
        name = self._job.format.name
        if self.lost:
            said = f"{count(self.lost, 'row')} whose key is no choice left out"
            self._job.warnings.append(said)
        if self.copied:
            said = f"{count(self.copied, 'item')} left out: words of the training rows"
            self._job.warnings.append(said)
        if not written and self.copied:
            raise ExportError(f"{name}: every item stands in the training rows")
        if not written:
            raise ExportError(f"{name}: no row has a key ({self.key}) among its choices")
        return written


def _metadata(record: Record, used: Sequence[str | None]) -> Row:
    roots = {name.partition(".")[0] for name in used if name is not None}
    own = {"synthnb_id": record.id, "origin": record.origin, "generation": record.generation}
    return {n: v for n, v in record.values.items() if n not in roots} | own


def _inspect(job: Job) -> int:
    items = Items(job)
    name = items.columns.find("id")
    used = (items.prompt, items.choices, items.key)

    def rows() -> Iterator[Row]:
        for number, (record, question, choices, place) in enumerate(items):
            known = reach(record.values, name) if name is not None else record.id
            row: Row = {"id": text(known) or str(number), "input": question}
            if place is not None:
                row |= {"choices": choices, "target": ascii_uppercase[place]}
            else:
                row["target"] = items.target(record)
            own = _metadata(record, used)
            yield row | {"metadata": own | ({"split": items.side} if items.sides else {})}

    return items.done(job.lines(rows()))


def _lm_eval(job: Job) -> int:
    items = Items(job)
    task = job.options["task"] or job.batch.recipe.name or job.name
    task = re.sub(r"\W+", "_", str(task)).strip("_").lower() or "synthnb_task"
    job.path.mkdir(parents=True)
    letters: set[int] = set()
    sides: dict[str, list[Row]] = {"test": [], "train": []}
    for row in _documents(items, letters):
        sides[items.side].append(row)
    files = {"test": f"{task}.jsonl"}
    items.done(json_lines(iter(sides["test"]), job.path / files["test"]))
    if sides["train"]:  # the side that is not held out gives the harness its examples
        files["train"] = f"{task}_fewshot.jsonl"
        json_lines(iter(sides["train"]), job.path / files["train"])
    where = {side: str(job.target.resolve() / name) for side, name in files.items()}
    (job.path / f"{task}.yaml").write_text(_yaml(_task(task, where, letters)), "utf-8")
    return len(sides["test"]) + len(sides["train"])


def _documents(items: Items, letters: set[int]) -> Iterator[Row]:
    for number, (record, question, choices, place) in enumerate(items):
        row: Row = {"id": record.id or str(number), "question": question}
        if place is None:
            yield row | {"answer": items.target(record)}
            continue
        letters.add(len(choices))
        if not all(choice in question for choice in choices):
            shown = zip(ascii_uppercase, choices, strict=False)
            row["question"] = "\n".join([question, *(f"{a}. {c}" for a, c in shown)])
        labels = list(ascii_uppercase[: len(choices)])
        yield row | {"choices": choices, "labels": labels, "answer": place}


def _task(task: str, files: dict[str, str], letters: set[int]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "task": task,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": files},
        "test_split": "test",
        **({"fewshot_split": "train"} if "train" in files else {}),
        "doc_to_text": "{{question}}\nAnswer:",
        "doc_to_target": "answer",
    }
    if letters:
        return spec | {
            "output_type": "multiple_choice",
            "doc_to_choice": "labels"
            if len(letters) > 1
            else list(ascii_uppercase[: max(letters)]),
            "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
            "metadata": {"version": 1.0, "synthetic": True},
        }
    exact = {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}
    return spec | {
        "output_type": "generate_until",
        "generation_kwargs": {"until": ["\n\n"], "max_gen_toks": 128, "do_sample": False},
        "metric_list": [exact | {"ignore_case": True, "ignore_punctuation": True}],
        "metadata": {"version": 1.0, "synthetic": True},
    }


def _yaml(spec: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    out = io.StringIO()
    writer = YAML()
    writer.width = 4096
    writer.dump(spec, out)
    return (
        "# lm_eval --include_path THIS_FOLDER --tasks "
        f"{spec['task']}\n# The path of the data is this machine's: change it when it moves.\n"
        + out.getvalue()
    )


FORMATS = (
    Format(
        "lm-eval", "a task folder for lm-evaluation-harness", _lm_eval,
        roles=_ROLES, folder=True, options={"task": None, **_AGAINST},
        words={"prompt": "question", "key": "answer"},
        alias={"question": "prompt", "options": "choices", "answer": "key", "target": "key"},
    ),
    Format(
        "inspect", "an Inspect dataset: input, choices, target", _inspect, roles=_ROLES,
        options=_AGAINST, words={"prompt": "input", "key": "target"},
        alias={"input": "prompt", "question": "prompt", "options": "choices", "target": "key",
               "answer": "key"},
    ),
)  # fmt: skip
