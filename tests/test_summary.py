"""Summaries: what was counted of a long run is kept with it, and is what its rows say."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from synthnb.batch import Batch
from synthnb.charts.columns import columns_of
from synthnb.charts.stored import Gathered, take_columns
from synthnb.store import RunInfo, Store, StoredRecords, encode_record
from synthnb.store.summaries import Summary, pack, unpack
from synthnb.types import Record
from tests.samples import recipe
from tests.test_columns import QUESTIONS, RECIPE, USAGE, answer, mixed

SIZE = 300


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("synthnb.store.rows.LONG", 100)
    with closing(Store.open(tmp_path / "store.sqlite3")) as opened:
        yield opened


def write(store: Store, rows: list[Record], gap: int = 0) -> None:
    """A run of these rows that ended."""
    known = [run.id for run in store.runs()]
    if "run" in known:
        store.claim_run("run")
    else:
        store.start_run(RunInfo("run", "", "mixed", RECIPE, "", "f", len(rows)))
    for record in rows:
        place = record.index + gap * (record.index > SIZE // 2)
        store.add_row("run", place, record.accepted, encode_record(record, messages=False))
    asyncio.run(store.finish_run("run", "done", "", (len(rows), 0), {}))


def opened(store: Store) -> Batch:
    """The run as another process finds it."""
    store.flush()
    return Batch(StoredRecords(store, "run"), recipe(RECIPE), usage=USAGE)


def kept(batch: Batch) -> Summary | None:
    assert isinstance(batch.made, StoredRecords)
    return batch.made.summary


@pytest.mark.parametrize("gap", [0, 10], ids=["whole", "with gaps"])
def test_who_opens_a_run_later_finds_what_was_counted(store: Store, gap: int) -> None:
    write(store, mixed(SIZE), gap)
    first = opened(store)
    assert kept(first) is None
    counted = first.distributions

    later = opened(store)
    assert kept(later) is not None
    assert later.distributions == counted
    assert (len(later), len(later.records)) == (len(first), SIZE)
    for asked in QUESTIONS:
        request = {"id": 1, "op": "rows", "start": 0, "end": 60, **asked}
        assert answer(later, request) == answer(first, request), asked
    ours, theirs = columns_of(later), columns_of(first)
    for name in ("mood", "odd", "many", "text"):
        assert ours.types(name) == theirs.types(name)
        mine, read = ours.labels(name).codes, theirs.labels(name).codes
        assert (mine.dtype, mine.tolist()) == (read.dtype, read.tolist())
        assert (ours.hashes(name) == theirs.hashes(name)).all()


def test_what_a_run_gathered_is_kept_at_its_end(store: Store) -> None:
    write(store, mixed(SIZE))
    gathered = Gathered(recipe(RECIPE))
    for record in reversed(mixed(SIZE)):
        gathered.hear(record.index, record)
    take_columns(StoredRecords(store, "run"), gathered)
    later = opened(store)
    assert kept(later) is not None
    by_rows = Batch(mixed(SIZE), recipe(RECIPE), usage=USAGE)
    assert [c.bars for c in later.distributions] == [c.bars for c in by_rows.distributions]


def test_decisions_are_laid_over_what_was_kept(store: Store) -> None:
    write(store, mixed(SIZE))
    assert opened(store).distributions
    later = opened(store)
    plain = later.replace(records=StoredRecords(store, "run", range(SIZE)))
    assert kept(later) is not None
    assert kept(plain) is None
    twin = plain.records[4].values["text"]
    for batch in (later, plain):
        batch.decisions.decide("r00006", "keep")
        batch.decisions.edit("r00005", {"text": twin, "mood": "new"})
    assert len(later) == len(plain) == len(list(plain))
    ours, theirs = columns_of(later), columns_of(plain)
    assert (ours.repeats("text") == theirs.repeats("text")).all()
    assert later.distributions == plain.distributions


def test_another_process_knows_a_repeated_text_again(store: Store) -> None:
    """Python's own hashes differ from process to process."""
    rows = [Record(i, {"text": f"text {i % 140}"}, id=f"r{i}") for i in range(150)]
    write(store, rows)
    columns = columns_of(opened(store))
    store.flush()
    code = (
        "import sys\n"
        "from tests.test_summary import *\n"
        "batch = opened(Store.open(sys.argv[1]))\n"
        "assert kept(batch)\n"
        "batch.decisions.edit('r20', {'text': 'text 30'})\n"
        "print(sum(columns_of(batch).repeats('text')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store.path)],
        env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert columns.repeats("text").sum() == 20
    assert int(done.stdout) == 22


def test_a_resumed_run_is_counted_again(store: Store) -> None:
    write(store, mixed(SIZE)[:200])
    stale = opened(store)
    assert len(stale.records) == 200
    assert opened(store).distributions
    write(store, mixed(SIZE)[200:])

    again = opened(store)
    assert kept(again) is None
    assert len(again.records) == SIZE
    assert stale.distributions  # of the rows that it had: not what others are to find
    assert kept(opened(store)) is None
    assert again.distributions == Batch(mixed(SIZE), recipe(RECIPE), usage=USAGE).distributions
    found = kept(opened(store))
    assert found is not None
    assert found.rows == SIZE


def test_rows_that_change_while_they_are_counted_leave_no_summary(store: Store) -> None:
    write(store, mixed(SIZE)[:200])
    records = StoredRecords(store, "run")
    seen, gathered = records.seen(), Gathered(recipe(RECIPE))
    for rows in records.peek():
        gathered.add(rows)
    records.mark(np.zeros(200, np.uint32), np.ones(200, np.bool_))
    write(store, mixed(200))  # the same places, resumed by somebody else
    records.keep_summary(seen, {}, {})
    assert kept(opened(store)) is None


@pytest.mark.parametrize("change", ["heartbeat = heartbeat + 1", "owner = '1@elsewhere'"])
def test_a_run_that_another_release_went_on_with_is_counted_again(
    store: Store, change: str
) -> None:
    """One that knows of no summaries drops none."""
    write(store, mixed(SIZE))
    assert opened(store).distributions
    assert kept(opened(store)) is not None
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(f"UPDATE runs SET {change}")
    assert kept(opened(store)) is None


def test_a_few_rows_leave_no_summary(store: Store) -> None:
    write(store, mixed(100))
    assert opened(store).distributions
    assert kept(opened(store)) is None


def test_pruned_rows_take_their_summary_along(store: Store) -> None:
    write(store, mixed(SIZE))
    assert opened(store).distributions
    assert kept(opened(store)) is not None
    store.prune(runs_kept=0)
    assert kept(opened(store)) is None
    assert len(opened(store).records) == 0


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("change", ["empty", "cut", "one bit"])
def test_a_damaged_summary_is_made_again(store: Store, part: int, change: str) -> None:
    write(store, mixed(SIZE))
    counted = opened(store).distributions
    store.flush()
    with closing(sqlite3.connect(store.path)) as connection, connection:
        query = "SELECT value FROM summaries WHERE part = ?"
        (value,) = connection.execute(query, (part,)).fetchone()
        bit = value[:-1] + bytes([value[-1] ^ 1])
        made = {"empty": b"", "cut": value[:-1], "one bit": bit}[change]
        connection.execute("UPDATE summaries SET value = ? WHERE part = ?", (made, part))
    later = opened(store)
    assert kept(later) is None
    assert later.distributions == counted
    assert kept(opened(store)) is not None


def test_numbers_come_back_as_they_were() -> None:
    arrays = {
        ("a", "small"): np.array([-1, 0, 127]),
        ("a", "large"): np.array([2**62, -5, 0]),
        ("a", "codes"): np.array([300, -1, 4], np.int32),
        ("b", "half"): np.array([0.5, np.nan, 2.0**20]),
        ("b", "fine"): np.array([0.1, 1e300, -np.inf]),
        ("b", "flags"): np.array([True, False, True]),
        ("b", "marks"): np.array([2**32 - 1, 0, 1], np.uint32),
    }
    packed = pack(Summary(3, {"labels": ["ü"]}, arrays), 5.5)
    assert [len(value) // 3 for value in packed[1:]] == [1, 8, 2, 4, 8, 1, 4]
    assert unpack(packed, 5.6) is None
    found = unpack(packed, 5.5)
    assert found is not None
    assert (found.rows, found.head) == (3, {"labels": ["ü"]})
    for key, array in arrays.items():
        assert np.array_equal(found.arrays[key], array, equal_nan=array.dtype.kind == "f")
