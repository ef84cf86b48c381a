"""Columns: what charts count is what a plain count of the rows says, held or stored."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthnb.charts.payload as payloads
from synthnb.api import generate
from synthnb.batch import Batch
from synthnb.charts.columns import MISSING, Columns, columns_of, is_number, label_of, read
from synthnb.charts.findings import look_first, losses
from synthnb.charts.payload import payload
from synthnb.charts.stored import Gathered, take_columns
from synthnb.decisions import DecidedRecords
from synthnb.explore.door import answer
from synthnb.recipe import Recipe
from synthnb.settings import Profile, Settings
from synthnb.store import Store, StoredRecords, encode_record
from synthnb.types import Call, Reason, Record, Usage
from synthnb.versions import open_version
from tests.loopback import Loopback
from tests.samples import HOSTILE, recipe

RECIPE = """\
synthnb: 1
name: mixed
columns:
  mood: [angry, happy, mixed, "ünïcode ✓"]
  odd: {expression: "1"}
  many: {expression: "1"}
  day: {datetime: [2020-01-01, 2026-12-31]}
  words: {integer: [1, 90]}
  rate: {number: [0, 1]}
  text: {prompt: Say it}
checks:
  - {length: {column: text, min: 3}}
  - {repetition: {column: text, max: 0.5}}
"""
SIZE = 3100
SAID = [text for text in HOSTILE if "\ud800" not in text]  # half a character is never stored
USAGE = Usage(completion_tokens=20_000)
ODD: tuple[Any, ...] = (
    "yes", None, True, False, 1, 0, 1.5, "1", "true", [1, 2], {"a": [None]}, "", "–", 2**60,
)  # fmt: skip


def mixed(size: int = SIZE) -> list[Record]:
    """Rows of all sorts: missing values, lists, numbers, booleans, thousands of labels."""
    return [_row(i) for i in range(size)]


def _row(i: int) -> Record:
    values: dict[str, Any] = {"mood": ("angry", "happy", "mixed", "ünïcode ✓", None)[i * 7 % 5]}
    if i % 11:
        values["odd"] = ODD[i % len(ODD)]
    values["many"] = f"label {i * 37 % 2500}"
    values["day"] = f"{2020 + i % 7}-{i % 12 + 1:02}-{i % 28 + 1:02}"
    values["words"] = None if i % 13 == 0 else i % 90
    values["rate"] = i % 101 / 101 if i % 17 else math.inf if i % 2 else "n/a"
    if i % 19:
        text = SAID[i % len(SAID)] if i % 5 == 0 else f"a text of row {i % 2900} ✓"
        values["text"] = None if i % 23 == 0 else "" if i % 29 == 0 else text
    checks = [Reason("length", i % 120, column="text", passed=i % 6 != 0)]
    reasons = []
    if i % 6 == 0:
        reasons.append(Reason("length", i % 120, "too short", "text"))
    if i % 10 == 0:
        reasons.append(Reason("repetition", round(i % 50 / 50, 3), "says it again", "text"))
    if i % 31 == 0:
        reasons.insert(0, Reason("truncated", None, "cut <off>", "text"))
    call = Call("text", "lab/tiny", ({"role": "user", "content": "Say it"},), "…", 3, 4)
    return Record(
        i, values, not reasons, tuple(reasons), tuple(checks), (call,), id=f"r{i:05d}"
    )


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batch]:
    """The same rows as a long run leaves them, with gaps in their numbers."""
    store = Store.open(tmp_path_factory.mktemp("home") / "store.sqlite3")
    for record in mixed():
        value = encode_record(record, messages=False)
        store.add_row("run", record.index + 10 * (record.index > 1500), record.accepted, value)
    store.flush()
    yield Batch(StoredRecords(store, "run"), recipe(RECIPE), usage=USAGE)
    store.close()


@pytest.fixture(scope="module")
def held() -> Batch:
    # The store writes what is no number as null, as JSON has it.
    rows = mixed()
    for record in rows:
        if record.values["rate"] == math.inf:
            record.values["rate"] = None
    return Batch(rows, recipe(RECIPE), usage=USAGE)


def as_read(batch: Batch) -> StoredRecords:
    """The rows of a stored batch once more, as another process finds them."""
    raw = batch.made
    assert isinstance(raw, StoredRecords)
    return StoredRecords(raw._store, raw._run)


def naive(records: list[Record], name: str) -> tuple[Counter[str], Counter[str]]:
    """Labels of accepted and of rejected rows, counted the plain way."""
    found: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for record in records:
        if name in record.values:
            found[not record.accepted][label_of(record.values[name])] += 1
    return found


@pytest.mark.parametrize("kind", ["held", "stored"])
def test_bars_are_what_a_plain_count_says(kind: str, held: Batch, stored: Batch) -> None:
    batch = held if kind == "held" else stored
    records = list(held.records)
    table = columns_of(batch)
    for name in ("mood", "odd", "many"):
        kept, gone = naive(records, name)
        found = table.labels(name)
        assert dict(zip(found.labels, found.counts(table.accepted), strict=True)) == {
            label: kept[label] for label in {**kept, **gone}
        }
        assert (
            Counter(
                {
                    k: n
                    for k, n in zip(found.labels, found.counts(~table.accepted), strict=True)
                    if n
                }
            )
            == gone
        )
    charts = {chart.id: chart for chart in batch.distributions}
    kept, gone = naive(records, "mood")
    assert {b.label: (b.count, b.rejected) for b in charts["mood"].bars} == {
        label: (kept[label], gone[label]) for label in {**kept, **gone}
    }
    assert "many" not in charts
    for name in ("words", "rate"):
        numbers = [(r.values.get(name), r.accepted) for r in records]
        for bar in charts[name].bars:
            last = bar == charts[name].bars[-1]
            inside = [
                accepted
                for value, accepted in numbers
                if is_number(value) and bar.lo <= value and (value < bar.hi or last)
            ]
            assert (bar.count, bar.rejected) == (sum(inside), len(inside) - sum(inside))
    lengths = [
        (len(text), r.accepted)
        for r in records
        if isinstance(text := r.values.get("text"), str) and text
    ]
    assert charts["length"].total == sum(accepted for _, accepted in lengths)
    assert sum(bar.count + bar.rejected for bar in charts["length"].bars) == len(lengths)
    first = Counter(r.reasons[0].rule for r in records if r.reasons)
    assert {loss.rule: loss.lost for loss in losses(batch)} == first
    said = Counter(str(r.values.get("text", "")) for r in records if r.accepted)
    assert table.repeats("text").sum() >= sum(n for text, n in said.items() if n > 1 and text)


def test_a_stored_run_looks_like_the_same_rows_in_memory(held: Batch, stored: Batch) -> None:
    assert stored.distributions == held.distributions
    assert look_first(stored) == look_first(held)
    left, right = payload(stored), payload(held)
    for body in (left, right):
        del body["id"]
        for row in body["rows"]:  # type: ignore[union-attr]
            row.pop("detail", None)
    assert left == right


QUESTIONS: tuple[dict[str, Any], ...] = (
    {"start": 3000, "end": 3100},
    {"filters": [{"kind": "values", "chart": "mood", "values": ["angry", "–"]}]},
    {"filters": [{"kind": "values", "chart": "many", "values": ["label 37"]}]},
    {"filters": [{"kind": "range", "chart": "length", "lo": 10, "hi": 22}]},
    {"filters": [{"kind": "range", "chart": "rate", "lo": 0.2, "hi": 0.4}]},
    {"filters": [{"kind": "rule", "rules": ["truncated", "length"]}]},
    {"filters": [{"kind": "rows", "ids": ["r00007", "r03099", "nobody"]}]},
    {"filters": [{"kind": "region", "x": [0, 500], "y": [0, 500]}]},
    {"search": "ROW 123"}, {"search": "cut <off>"}, {"show_rejected": False},
    *({"sort": {"column": c, "descending": d}} for c in (
        "text", "mood", "odd", "many", "words", "rate", "length", "repetition",
    ) for d in (False, True)),
)  # fmt: skip


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
def test_questions_have_the_same_answer(
    asked: dict[str, Any], held: Batch, stored: Batch
) -> None:
    request = {"id": 1, "op": "rows", "start": 0, "end": 60, **asked}
    assert answer(stored, request) == answer(held, request)


def test_decisions_are_laid_over_what_was_read(held: Batch, stored: Batch) -> None:
    before = columns_of(stored)
    for batch in (held, stored):
        rejected = [r.id for r in batch.records if not r.accepted]
        batch.decisions.decide(rejected[3], "keep")
        batch.decisions.decide(rejected[200], "keep")
        batch.decisions.decide("r00001", "drop")
        batch.decisions.edit(
            "r00002", {"mood": "brand new", "text": "Said by hand.", "words": 7}
        )
        batch.decisions.decide("nobody", "drop")
    assert columns_of(stored) is not before
    assert stored.distributions == held.distributions
    assert len(stored) == len(held) == len(stored.accepted)
    assert list(stored) == list(held)
    assert stored[5:9] == held[5:9]
    assert stored[-1] == held[-1]
    for asked in QUESTIONS:
        request = {"id": 1, "op": "rows", "start": 0, "end": 60, **asked}
        assert answer(stored, request) == answer(held, request), asked
    for batch in (held, stored):
        for row in list(batch.decisions.rows):
            batch.decisions.decide(row, None)
            batch.decisions.edit(row, None)
    assert columns_of(stored) is before


def test_a_row_is_read_from_the_store_by_its_place(stored: Batch) -> None:
    rows = mixed()
    records = stored.records
    assert isinstance(records, DecidedRecords)
    for place in (0, 1, 1500, 1501, SIZE - 1, -1, -SIZE):
        assert records[place].id == rows[place].id
    assert [r.id for r in records.at([3000, 2, 1600])] == ["r03000", "r00002", "r01600"]
    assert [r.id for r in records[1498:1504]] == [r.id for r in rows[1498:1504]]
    with pytest.raises(IndexError):
        records[SIZE]
    assert columns_of(stored).places(["r03099", "x", "r00003"]) == [3, 3099]


def test_a_name_with_a_dot_is_a_column_where_any_row_has_it() -> None:
    rows = [{"user.name": "Ann", "user": {"name": "no"}}, {"user": {"name": "no"}}]
    assert read(rows, "user.name") == ["Ann", MISSING]
    assert read(rows[1:], "user.name") == ["no"]


def test_rows_whose_tests_were_not_run_are_looked_at_first() -> None:
    unrun = Reason("code", "not run", "not run", column="text")
    rows = [Record(i, {"text": f"row {i}"}, checks=(unrun,) * (i < 3)) for i in range(6)]
    found = look_first(Batch(rows, recipe()))
    assert found is not None
    assert found.text == "Tests not run in 3 of 6 rows (code)."
    assert len(found.rows) == 3


def test_numbers_too_large_for_a_float_are_no_numbers() -> None:
    rows = [Record(i, {"n": 10**400 if i == 2 else i}) for i in range(5)]
    batch = Batch(
        rows, recipe("synthnb: 1\ncolumns: {n: {integer: [0, 9]}, text: {prompt: x}}")
    )
    (chart,) = batch.distributions
    assert chart.total == 4
    assert np.isnan(columns_of(batch).numbers("n")[2])


def test_what_a_run_gathers_is_what_the_store_has(held: Batch, stored: Batch) -> None:
    read = columns_of(stored)
    gathered = Gathered(stored.recipe)
    places = list(range(SIZE))
    random.Random(3).shuffle(places)
    for place in places:
        gathered.hear(place, held.records[place])
    again = as_read(stored)
    take_columns(again, gathered)
    assert again.columns_read is not None
    taken = columns_of(Batch(again, stored.recipe))
    for name in ("mood", "odd", "many", "text"):
        assert taken.labels(name).labels == read.labels(name).labels
        assert (taken.labels(name).codes == read.labels(name).codes).all()
        assert taken.types(name) == read.types(name)
        assert (taken.hashes(name) == read.hashes(name)).all()
    assert Batch(again, stored.recipe).distributions == stored.distributions


def test_a_store_that_lost_rows_is_read(held: Batch, stored: Batch) -> None:
    gathered = Gathered(stored.recipe)
    gathered.hear(0, held.records[0])
    again = as_read(stored)
    take_columns(again, gathered)
    assert again.columns_read is None
    assert Batch(again, stored.recipe).distributions == stored.distributions


def test_a_long_run_ends_with_its_charts_counted(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synthnb.api.handle.HELD", 60)
    lab = Profile("lab", base_url=loopback.base_url, concurrency=16)
    wanted = Recipe.loads(
        "synthnb: 1\nname: long\nmodel: lab/tiny\ncolumns:\n"
        "  mood: [angry, happy]\n  text: {prompt: 'A {{ mood }} text.'}\n"
        "checks: [{length: {column: text, max: 60}}]\n"
    )
    batch = generate(wanted, 150, settings=Settings(profiles={"lab": lab}))
    raw = batch.made
    assert isinstance(raw, StoredRecords)
    assert isinstance(raw.columns_read, Columns)
    other = open_version("long@1").replace(records=as_read(batch))
    assert other.distributions == batch.replace(plan_targets=other.plan_targets).distributions
    assert columns_of(batch).accepted.tolist() == [r.accepted for r in batch.records]


def test_a_view_of_an_interrupted_run_keeps_to_its_rows(tmp_path: Path) -> None:
    def write(rows: list[Record]) -> None:
        for record in rows:
            store.add_row("run", record.index, record.accepted, encode_record(record))
        store.flush()

    rows, ask = mixed(300), {"id": 1, "op": "rows", "start": 0, "end": 500}
    with closing(Store.open(tmp_path / "store.sqlite3")) as store:
        write(rows[:150] + rows[153:200])  # three of them were on their way at the end
        batch = Batch(StoredRecords(store, "run"), recipe(RECIPE), usage=USAGE)
        before = answer(batch, ask), batch.distributions, len(batch)
        write(rows)  # resumed by somebody else
        assert (answer(batch, ask), batch.distributions, len(batch)) == before
        assert len(batch.select(many="label 74")) == 1
        batch.decisions.decide("r00250", "drop")
        assert answer(batch, ask)["total"] == 197 == len(list(batch.records))
        assert answer(batch, ask | {"search": "row 199"})["total"] == 1
        assert batch._repr_mimebundle_()


@pytest.mark.parametrize("kind", ["held", "stored"])
def test_rows_that_share_an_id_are_decided_together(kind: str, tmp_path: Path) -> None:
    ids = ["twin" if i in (2, 5) else f"r{i}" for i in range(9)]
    rows = [Record(i, {"text": f"t{i}"}, id=ids[i]) for i in range(9)]
    with closing(Store.open(tmp_path / "store.sqlite3")) as store:
        for record in rows:
            store.add_row("run", record.index, True, encode_record(record))
        store.flush()
        made = rows if kind == "held" else StoredRecords(store, "run")
        batch = Batch(made, recipe("synthnb: 1\ncolumns: {text: {prompt: Say it}}"))
        assert [row["text"] for row in batch.select(ids=["twin"])] == ["t2", "t5"]
        batch.decisions.decide("twin", "drop")
        assert len(batch) == len(list(batch)) == columns_of(batch).accepted.sum() == 7
        batch.decisions.edit("twin", {"text": "Said by hand."})
        assert columns_of(batch).values("text").count("Said by hand.") == 2


def test_rows_that_were_pruned_are_missed_in_one_line(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path / "store.sqlite3")) as store:
        for record in mixed(10):
            store.add_row("run", record.index, record.accepted, encode_record(record))
        store.flush()
        batch = Batch(StoredRecords(store, "run"), recipe(RECIPE))
        assert batch.distributions
        store.prune(runs_kept=0)
        reply = answer(batch, {"id": 1, "op": "rows", "start": 0, "end": 5})
        assert "they were pruned" in reply["error"]


def test_a_long_run_is_another_batch_once_a_resume_decided_a_row_otherwise(
    stored: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, "HASHED", 100)
    again = stored.replace(records=as_read(stored))
    assert payloads.view_id(again) == payloads.view_id(stored)
    resumed = as_read(stored)
    ids, accepted = as_read(stored).marks
    resumed.mark(ids, accepted ^ (np.arange(len(accepted)) == len(accepted) - 1))
    assert payloads.view_id(stored.replace(records=resumed)) != payloads.view_id(stored)
