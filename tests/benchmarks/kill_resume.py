"""kill -9 at random moments, then resume: rows lost, requests sent twice.

python -m tests.benchmarks.kill_resume [--kills 20] [--rows 400]
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from synthnb.store import Store
from tests.benchmarks.common import ROOT, empty_home, server


def main() -> None:
    """Kill each run once, resume it, compare the server's log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    lost = twice = hung = 0
    for kill in range(options.kills):
        with tempfile.NamedTemporaryFile("r") as log, empty_home():
            with server("--latency", "0.02", "--log", log.name) as url:
                seen, run = _killed(url, options.rows, draw.randrange(1, options.rows))
                finished = _finish(url, options.rows, run)
            hung += finished is None
            store = Store.open()
            kept = {int(index) for index in _indexes(store, run)}
            store.close()
            again = Counter(line.split()[2] for line in log)
        lost += len(seen - kept)
        doubled = sum(count - 1 for count in again.values())
        twice = max(twice, doubled)
        print(f"kill {kill + 1}: {len(seen)} rows were finished, {doubled} requests sent again")
    print(
        f"{options.kills} kills: {lost} finished rows lost (to reach: 0), at most {twice} "
        f"requests sent again (in flight: 8), {hung} hung"
    )


def _killed(url: str, rows: int, after: int) -> tuple[set[int], str]:
    command = [sys.executable, "-m", "tests.engine.killme", url, str(rows)]
    seen: set[int] = set()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        run = process.stdout.readline().split()[1]
        for line in process.stdout:
            if line.startswith("row"):
                seen.add(int(line.split()[1]))
            if len(seen) >= after:
                os.kill(process.pid, signal.SIGKILL)
                break
    return seen, run


def _finish(url: str, rows: int, run: str) -> str | None:
    command = [sys.executable, "-m", "tests.engine.killme", url, str(rows), run]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout


def _indexes(store: Store, run: str) -> list[int]:
    from synthnb.store import StoredRecords

    return [record.index for record in StoredRecords(store, run).only(True)]


if __name__ == "__main__":
    assert Path(ROOT).exists()
    main()
