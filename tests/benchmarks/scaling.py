"""CPU a row and memory as runs grow, from stored-like answers of an instant model.

    python -m tests.benchmarks.scaling [--rows 1000 100000 1000000]

Each size runs in a process of its own. The model answers at once in the process, so that
what is measured is the engine and the store.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from typing import Any

from synthnb.types import Completion, Request
from tests.benchmarks.common import Clock, empty_home, peak_mb

TEXT = "Where is my invoice for March, and why is it twice as high as the one before? " * 3


class Instant:
    """A model that answers at once."""

    name = "lab/instant"
    origin = "local:instant"

    async def complete(self, request: Request) -> Completion:
        """A text of its own for each row."""
        return Completion(f"{request.row} {TEXT}", "stop", 40, 60)

    async def aclose(self) -> None:
        """Nothing to close."""


async def run(rows: int) -> tuple[int, str]:
    """One run of the engine with store and checks; rows are counted and let go."""
    from synthnb import Recipe
    from synthnb.checks import CheckContext, build
    from synthnb.engine import stream
    from synthnb.events import RowDone, RunEnded
    from synthnb.middleware import Cache
    from synthnb.samplers import make_plan
    from synthnb.store import Store

    recipe = Recipe.loads(
        "synthnb: 1\nname: scale\nmodel: lab/instant\ncolumns:\n"
        "  topic: [billing, login, refund]\n"
        "  text: {prompt: 'A question on {{ topic }}.'}\n"
        "checks: [{length: {column: text, min: 20}}]\n"
    )
    store = Store.open()
    model: Any = Cache.around(Instant(), store)
    checks = [build(spec, CheckContext(recipe=recipe)) for spec in recipe.checks]
    plan, done, status = make_plan(recipe, None, rows), 0, ""
    events = stream(recipe, lambda name: model, plan=plan, n=rows, store=store, checks=checks)
    async for event in events:
        if isinstance(event, RowDone):
            done += event.record.accepted
        elif isinstance(event, RunEnded):
            status = event.status
    store.close()
    return done, status


def main() -> None:
    """Every size, each in a fresh process; the ratio of the largest to the smallest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--one", action="store_true", help="measure in this process")
    options = parser.parse_args()
    if options.one:
        rows = options.rows[0]
        with empty_home():
            asyncio.run(run(200))  # imports and compiled templates are not what grows
            before = peak_mb()
            with Clock() as clock:
                done, status = asyncio.run(run(rows))
        assert (done, status) == (rows, "done"), (done, status)
        print(clock.cpu / rows * 1000, rows / clock.wall, peak_mb() - before)
        return
    figures = []
    for rows in options.rows:
        command = [sys.executable, "-m", "tests.benchmarks.scaling", "--one"]
        command += ["--rows", str(rows)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        cpu, speed, grown = map(float, told.split())
        figures.append(cpu)
        shown = f"{cpu:.3f} CPU s/1000 rows, {speed:.0f} rows/s, +{grown:.0f} MB"
        print(f"{rows:>9,} rows: {shown}", flush=True)
    print(f"largest to smallest: {figures[-1] / figures[0]:.2f} (to reach: 1.2)")


if __name__ == "__main__":
    main()
