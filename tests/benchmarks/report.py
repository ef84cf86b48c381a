"""The full default report on many rows: wall clock and CPU, imports included once.

    python -m tests.benchmarks.report [ROWS ...]        # 10000 100000 by default

Rows are made-up sentences of about fifteen words with a label and a number; half as many real
rows (at most 50,000) stand beside them, and again without any.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from synthnb.collapse.text import sample_texts
from synthnb.report import report


def rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Rows of a text, a label and a number."""
    rng = np.random.default_rng(seed)
    ages = rng.normal(40, 12, count).round(1).tolist()
    labels = rng.choice(["good", "bad", "mixed"], count).tolist()
    texts = sample_texts(count, seed)
    return [
        {"text": text, "label": label, "age": age}
        for text, label, age in zip(texts, labels, ages, strict=True)
    ]


def main(sizes: list[int]) -> None:
    """Print one line a size, without and with real rows."""
    report(rows(50, 0), real=rows(50, 1))  # imports
    for size in sizes:
        made, real = rows(size, 2), rows(min(size // 2, 50_000), 3)
        for beside in (None, real):
            wall, cpu = time.perf_counter(), time.process_time()
            found = report(made, real=beside)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            what = f"{found.real_rows:,} real rows" if beside else "no real rows"
            print(f"{size:>9,} rows, {what:<18} {wall:6.2f} s  {cpu:6.2f} CPU s", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000])
