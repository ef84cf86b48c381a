"""A re-run with a full cache: no request, and how much CPU a row.

python -m tests.benchmarks.cached [--rows 10000]
"""

from __future__ import annotations

import argparse

from synthnb import generate
from tests.benchmarks.common import RECIPE, Clock, empty_home, server, settings, stats


def main() -> None:
    """One run that fills the store, two that find everything in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    with server() as url, empty_home():
        own = settings(url, 64)
        with Clock() as clock:
            generate(RECIPE, rows, settings=own)
        clock.show("empty cache, server without latency", rows)
        full = clock.cpu
        before = stats(url)["requests"]
        for _ in range(2):
            with Clock() as clock:
                batch = generate(RECIPE, rows, settings=own)
            clock.show("full cache", rows)
        asked = stats(url)["requests"] - before
    assert len(batch) == rows
    print(
        f"{asked} requests (to reach: 0), {clock.cpu / rows * 1000:.3f} CPU s/1000 rows (to "
        f"reach: 0.1), {clock.cpu / full:.2f} times the first run"
    )


if __name__ == "__main__":
    main()
