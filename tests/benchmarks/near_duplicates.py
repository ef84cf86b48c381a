"""Near-duplicate removal beside rensa and datasketch, on planted copies.

    pip install rensa datasketch      # in an environment of its own, with numpy
    python -m tests.benchmarks.near_duplicates [ROWS] [--only synthnb|rensa|datasketch]

Rows are fifty words; a tenth are copies with 1-4 words replaced, a twentieth exact copies. All
tools see three-word shingles at threshold 0.8; recall counts planted rows whose true Jaccard
similarity with their source is at least 0.8. CPU seconds of one process, its imports left out.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable

import numpy as np


def planted(rows: int, words: int = 50, seed: int = 0) -> tuple[list[str], dict[int, int]]:
    """Return texts, and the source of each planted copy by row."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    vocabulary = np.array(
        ["".join(letters[rng.integers(0, 26, rng.integers(3, 10))]) for _ in range(20_000)]
    )
    weights = 1 / np.arange(1, len(vocabulary) + 1)
    drawn = rng.choice(len(vocabulary), size=(rows, words), p=weights / weights.sum())
    kind = rng.random(rows)
    sources: dict[int, int] = {}
    for row in range(1, rows):
        if kind[row] >= 0.15:
            continue
        sources[row] = int(rng.integers(0, row))
        drawn[row] = drawn[sources[row]]
        if kind[row] < 0.10:
            places = rng.choice(words, rng.integers(1, 5), replace=False)
            drawn[row, places] = rng.integers(0, len(vocabulary), len(places))
    return [" ".join(vocabulary[line]) for line in drawn], sources


def shingles(text: str) -> set[str]:
    """Return the runs of three words."""
    words = text.lower().split()
    return {" ".join(words[at : at + 3]) for at in range(len(words) - 2)}


def jaccard(a: str, b: str) -> float:
    """Return the true similarity of two texts."""
    first, second = shingles(a), shingles(b)
    return len(first & second) / len(first | second)


def with_synthnb(texts: list[str]) -> set[int]:
    """Remove with ours."""
    from synthnb.nearduplicates import near_duplicates

    return set(near_duplicates(texts, 0.8))


def with_rensa(texts: list[str]) -> set[int]:
    """Remove with rensa's R-MinHash and its index, first come first kept."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16)
    kept: dict[int, RMinHash] = {}
    dropped = set()
    for row, text in enumerate(texts):
        sketch = RMinHash(num_perm=128, seed=42)
        sketch.update(list(shingles(text)))
        if any(kept[other].jaccard(sketch) >= 0.8 for other in index.query(sketch)):
            dropped.add(row)
        else:
            kept[row] = sketch
            index.insert(row, sketch)
    return dropped


def with_datasketch(texts: list[str]) -> set[int]:
    """Remove with datasketch's MinHash and index, first come first kept."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.8, num_perm=128)
    dropped = set()
    for row, text in enumerate(texts):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([gram.encode() for gram in shingles(text)])
        if index.query(sketch):
            dropped.add(row)
        else:
            index.insert(str(row), sketch)
    return dropped


TOOLS: dict[str, Callable[[list[str]], set[int]]] = {
    "synthnb": with_synthnb,
    "rensa": with_rensa,
    "datasketch": with_datasketch,
}


def main() -> None:
    """Measure the tools and print a table."""
    options = argparse.ArgumentParser()
    options.add_argument("rows", nargs="?", type=int, default=100_000)
    options.add_argument("--only", choices=TOOLS)
    chosen = options.parse_args()
    texts, sources = planted(chosen.rows)
    near = {row for row, at in sources.items() if jaccard(texts[row], texts[at]) >= 0.8}
    print(f"{'tool':12}{'rows':>9}{'CPU s':>8}{'recall':>8}{'false':>7}{'MB more':>9}")
    for name, remove in TOOLS.items():
        if chosen.only not in (None, name):
            continue
        remove(texts[:10])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        dropped = remove(texts)
        spent = time.process_time() - start
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        recall = len(near & dropped) / max(len(near), 1)
        false = len(dropped - set(sources))
        print(f"{name:12}{len(texts):9}{spent:8.2f}{recall:8.4f}{false:7}{more:9}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
