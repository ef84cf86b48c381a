"""The fault mixture (10% 429, 2% 500, 2% malformed) beside the same job without faults.

python -m tests.benchmarks.faults [--rows 1000] [--seeds 3]
"""

from __future__ import annotations

import argparse

from synthnb import generate
from tests.benchmarks.common import RECIPE, Clock, empty_home, server, settings, stats

MIXTURE = ("--rate429", "0.10", "--rate500", "0.02", "--malformed", "0.02")


def main() -> None:
    """One clean run and one with faults for each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--retry-after", default=None, help="header of each 429")
    options = parser.parse_args()
    rows = options.rows
    named = ("--retry-after", options.retry_after) if options.retry_after else ()
    for seed in range(options.seeds):
        with server("--latency", "0.05") as url, empty_home(), Clock() as clean:
            generate(RECIPE, rows, settings=settings(url, 64))
        clean.show("no faults", rows)
        mixture = (*MIXTURE, *named, "--seed", str(seed), "--latency", "0.05")
        with server(*mixture) as url, empty_home():
            with Clock() as clock:
                batch = generate(RECIPE, rows, settings=settings(url, 64))
            asked = stats(url)["requests"]
        clock.show(f"faults, seed {seed}", rows)
        indexes = {record.index for record in batch.records if record.accepted}
        print(
            f"delivered {len(batch)} of {rows}, {len(batch) - len(indexes)} twice, "
            f"{asked / rows:.3f} requests a row (to reach: 1.2), "
            f"{clock.wall / clean.wall:.2f} times the clean time (to reach: 2)"
        )


if __name__ == "__main__":
    main()
