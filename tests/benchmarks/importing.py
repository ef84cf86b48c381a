"""Seconds that importing costs, beside a bare interpreter and the packages it leaves out.

    python -m tests.benchmarks.importing [--runs 9]

Figures to reach: ``import synthnb`` under 0.2 s beyond the bare interpreter, ``%load_ext
synthnb`` under 0.5 s beyond IPython's own start.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

SHELL = "from IPython.core.interactiveshell import InteractiveShell as S; s = S.instance()"
BARE, IPYTHON = "pass", SHELL
CASES = {
    "import synthnb": (BARE, "import synthnb"),
    "%load_ext synthnb": (IPYTHON, f"{SHELL}; s.run_line_magic('load_ext', 'synthnb')"),
    "import pandas": (BARE, "import pandas"),
    "import openai": (BARE, "import openai"),
    "import altair": (BARE, "import altair"),
}


def seconds(code: str) -> float:
    """Wall time of one fresh interpreter that runs ``code``."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Run each case and its base in turn; print medians of the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    for name, (base, code) in CASES.items():
        seconds(code)  # compiles what is not compiled yet
        spent = [seconds(code) - seconds(base) for _ in range(runs)]
        print(f"{name:<18} {statistics.median(spent):.3f} s  (least {min(spent):.3f})")


if __name__ == "__main__":
    main()
