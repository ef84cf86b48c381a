"""What a batch's view costs the kernel: charts, bytes, questions. ``python -m
tests.benchmarks.explore`` prints one line a figure; ``workbench`` measures a real browser.

A million rows are measured twice: held in memory, as someone makes a batch by hand, and as a
run of so many leaves them: in the store, each with two checks, a call and an id, and counted
for the charts as they were made (what that adds to a run is told). A process that opens the
version later finds what was counted, or counts again where that was not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from synthnb.batch import Batch
from synthnb.charts.payload import MIME
from synthnb.charts.stored import Gathered, take_columns
from synthnb.explore.door import answer
from synthnb.store import RunInfo, Store, StoredRecords, encode_record
from synthnb.types import Call, Reason, Record
from tests.benchmarks.common import peak_mb
from tests.samples import many, sample_batch

MILLION = 1_000_000
LONG = 100_000
MAP = {"id": 1, "op": "map"}
ANGRY = {"kind": "values", "chart": "mood", "values": ["angry"]}
MIDDLE = {"kind": "range", "chart": "length", "lo": 60, "hi": 120}


def told(name: str, goal: str, work: Callable[[], object], times: int = 1) -> None:
    """Print the best of some tries, in ms."""
    best = min(_seconds(work) for _ in range(times))
    print(f"{name:58} {best * 1000:9.1f} ms   goal {goal}", flush=True)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def charts() -> None:
    """Aggregating, and what the output weighs."""
    answer(sample_batch(), {"id": 0, "op": "rows"})  # imports
    batch = many(MILLION)
    gc.collect()  # what is left over from making them is not what charts cost
    told(f"charts of {MILLION:,} rows in memory", "1 s", lambda: batch.distributions)
    for size in (24, 10_000, MILLION):
        shown = batch if size == MILLION else many(size)
        start = time.perf_counter()
        bundle: Any = shown._repr_mimebundle_()
        spent = (time.perf_counter() - start) * 1000
        body, whole = (len(json.dumps(part).encode()) for part in (bundle[MIME], bundle))
        kb = f"{whole / 1000:.1f} kB, of which payload {body / 1000:.1f} kB; goal 1 MB"
        print(f"{f'output of {size:,} rows':58} {spent:9.1f} ms   {kb}", flush=True)


def written(folder: Path, size: int) -> tuple[Store, Gathered]:
    """The rows of a run of so many in a store, and what was counted meanwhile."""
    store, recipe = Store.open(folder / "store.sqlite3"), many(1).recipe
    store.start_run(RunInfo("run", "", "reviews", "", "", "", size))
    some, gathered, spent = many(20_000).made, Gathered(recipe), 0.0
    for i in range(size):
        record = _as_run(i, some[i % len(some)])
        store.add_row("run", i, record.accepted, encode_record(record, messages=False))
        start = time.perf_counter()
        gathered.hear(i, record)
        spent += time.perf_counter() - start
        if i % 10_000 == 0:
            store.flush()
    asyncio.run(store.finish_run("run", "done", "", (size, 0), {}))
    print(f"{'counting them during the run':58} {spent / size * 1e6:9.1f} us a row", flush=True)
    return store, gathered


def _as_run(i: int, like: Record) -> Record:
    text = f"{i} {like.values['text']}"
    checks = (
        Reason("length", len(text), "", "text", True),
        Reason("repetition", i % 997 / 4000, "", "text", True),
    )
    call = Call("text", "lab/tiny", (), text, 40, 60, None, 0.05, seed=i, finish_reason="stop")
    values = {**like.values, "text": text}
    return Record(i, values, like.accepted, like.reasons, checks, (call,), id=f"{i:016x}")


def stored(size: int) -> None:
    """A long run: at its end, and opened again."""
    before = peak_mb()
    with tempfile.TemporaryDirectory() as folder:
        store, gathered = written(Path(folder), size)
        for what in ("at the end of a run", "opened again", "nothing kept of them"):
            store.flush()
            if what.startswith("nothing"):
                with closing(sqlite3.connect(store.path)) as file, file:
                    file.execute("DELETE FROM summaries")
            records = StoredRecords(store, "run")
            batch = Batch(records, many(1).recipe, name="reviews", version=1, wanted=size)
            if what.startswith("at"):
                told(
                    "  putting them in order", "-", lambda r=records: take_columns(r, gathered)
                )
            told(f"charts of {size:,} rows {what}", "1 s", lambda b=batch: b.distributions)
            told("  the whole output", "1 s", batch._repr_mimebundle_)
        state: dict[str, Any] = {"id": 1, "op": "rows", "start": 0, "end": 100}
        told("  first question", "-", lambda: answer(batch, state))
        told("  one bar", "150 ms", lambda: answer(batch, state | {"filters": [ANGRY]}))
        window = state | {"start": size - 100, "end": size}
        told("  the last rows", "150 ms", lambda: answer(batch, window))
        told("  a search", "-", lambda: answer(batch, state | {"search": "lid broke"}))
        keep = {"id": 1, "op": "decide", "row": f"{5:016x}", "outcome": "keep"}
        told("  a row restored", "-", lambda: answer(batch, keep))
        print(f"{'memory for all of it':58} {peak_mb() - before:9.0f} MB", flush=True)
        store.close()


def questions() -> None:
    """The kernel's part of a brush, the transport left out."""
    batch = many(LONG)
    state: dict[str, Any] = {"id": 1, "op": "rows", "start": 0, "end": 100}
    told(f"first question about {LONG:,} rows", "-", lambda: answer(batch, state))
    told("  the map of all, made when it is asked for", "-", lambda: answer(batch, MAP))
    for name, more in (
        ("one bar", {"filters": [ANGRY]}),
        ("a bar and a range", {"filters": [ANGRY, MIDDLE]}),
        (
            "a region of the map",
            {"filters": [{"kind": "region", "x": [0, 400], "y": [0, 900]}]},
        ),
        ("another region", {"filters": [{"kind": "region", "x": [9, 400], "y": [0, 900]}]}),
        ("a search", {"search": "lid broke"}),
        ("another search", {"search": "answered twice"}),
        ("sorted by text", {"sort": {"column": "text", "descending": False}}),
        ("sorted, another bar", {"sort": {"column": "text"}, "filters": [ANGRY]}),
        ("the next window", {"filters": [ANGRY], "start": 9000, "end": 9100}),
    ):
        told(f"  {name}", "150 ms", lambda more=more: answer(batch, state | more))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=MILLION, help="of the stored run")
    options = parser.parse_args()
    stored(options.rows)
    charts()
    questions()


if __name__ == "__main__":
    main()
