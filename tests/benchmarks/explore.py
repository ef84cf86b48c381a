"""What a batch's view costs the kernel: charts, bytes, questions. ``python -m
tests.benchmarks.explore`` prints one line a figure; ``workbench`` measures a real browser.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from synthnb.charts.payload import MIME
from synthnb.explore.door import answer
from tests.samples import many, sample_batch

MILLION = 1_000_000
LONG = 100_000
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
    told(f"charts of {MILLION:,} rows", "1 s", lambda: batch.distributions)
    for size in (24, 10_000, MILLION):
        shown = batch if size == MILLION else many(size)
        start = time.perf_counter()
        bundle: Any = shown._repr_mimebundle_()
        spent = (time.perf_counter() - start) * 1000
        body, whole = (len(json.dumps(part).encode()) for part in (bundle[MIME], bundle))
        kb = f"{whole / 1000:.1f} kB, of which payload {body / 1000:.1f} kB; goal 1 MB"
        print(f"{f'output of {size:,} rows':58} {spent:9.1f} ms   {kb}", flush=True)


def questions() -> None:
    """The kernel's part of a brush, the transport left out."""
    batch = many(LONG)
    state: dict[str, Any] = {"id": 1, "op": "rows", "start": 0, "end": 100}
    told(f"first question about {LONG:,} rows", "-", lambda: answer(batch, state))
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
    argparse.ArgumentParser(description=__doc__).parse_args()
    charts()
    questions()


if __name__ == "__main__":
    main()
