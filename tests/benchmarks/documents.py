"""Import of a folder of documents: time and memory beside a bare read of the same bytes.

    python -m tests.benchmarks.documents [--megabytes 50] [--files 200]

The figure to reach: a folder of 50 MB streams; memory grows by far less than its size.
Each side runs in a process of its own, so that one's memory is not counted for the other.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

WORDS = ["sand", "river", "old", "hills", "boats", "wait", "people", "bread", "and", "tea"]


def write(folder: Path, megabytes: float, files: int) -> None:
    """Text and Markdown of about the wanted size, one large file among many small ones."""
    picks = random.Random(7)
    for place in range(files):
        share = 0.2 if place == 0 else 0.8 / max(1, files - 1)
        size = int(megabytes * share * 1_000_000)
        with (folder / f"{place:04}{('.txt', '.md')[place % 2]}").open("w") as file:
            while size > 0:
                size -= file.write(" ".join(picks.choices(WORDS, k=18)).capitalize() + ".\n")


def bare(folder: Path) -> int:
    """Read every byte, a megabyte at a time, and keep none."""
    seen = 0
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                seen += len(block.split())
    return seen


def chunks(folder: Path) -> int:
    """Import the folder as a recipe's source would, and read every chunk once."""
    from synthnb.recipe.parts import Chunk, Source
    from synthnb.source.documents import read_documents

    table = read_documents(Source(documents=str(folder), chunk=Chunk()), folder, given=True)
    for place in range(len(table)):
        table.row(place)
    return len(table)


SIDES: dict[str, Callable[[Path], int]] = {"bare": bare, "chunks": chunks}


def side(name: str, folder: Path) -> None:
    """Run one side; print what it took."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if name == "chunks":
        import synthnb.source.documents  # noqa: F401 - imported now, so that it is not measured
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    count = SIDES[name](folder)
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (peak - max(before, loaded)) / 1000
    print(json.dumps({"count": count, "seconds": spent, "megabytes": grown}))


def main() -> None:
    """Measure both sides; print them and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=50.0)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--side", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        side(asked.side[0], Path(asked.side[1]))
        return
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), asked.megabytes, asked.files)
        for name in SIDES:
            command = [
                sys.executable,
                "-m",
                "tests.benchmarks.documents",
                "--side",
                name,
                folder,
            ]
            found[name] = json.loads(subprocess.check_output(command))
            told, what = found[name], "words" if name == "bare" else "chunks"
            spent = f"{told['seconds']:.2f} CPU s, {told['megabytes']:.1f} MB more memory"
            print(f"{name:<7} {spent}, {told['count']:,} {what}")
    ratio = found["chunks"]["seconds"] / found["bare"]["seconds"]
    print(f"{ratio:.1f} times the bare read; {asked.megabytes:g} MB in {asked.files} files")


if __name__ == "__main__":
    main()
