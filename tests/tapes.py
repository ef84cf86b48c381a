"""Record the tapes of the notebooks again, then their outputs: ``python -m tests.tapes``.

First the shipped kinds (``tests.kindtapes``), whose tapes notebooks may replay as well.
Then each notebook is run twice, in an empty home: once with ``--replay`` turned into
``--record`` against the real model, once as it stands, whose outputs are kept. Name
kinds or notebooks to do only those; ``--outputs`` keeps the tapes and runs from them, which
needs no model: enough when only what is shown has changed.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests import kindtapes
from tests.house import ROOT

REPLAY = re.compile(r"""(?<=\s)--replay(?=\s+(\S+))|\breplay(?==["']([^"']+)["'])""")
"""On an option line, and as an argument: ``replay="tapes/x.jsonl"``."""
TAPE = re.compile(r"\btape=[\"'](tapes/[^\"']+)[\"']")
"""A tape that Python code names: it is recorded where the file is absent."""


def tapes_of(book: NotebookNode, folder: Path) -> set[Path]:
    """Tapes that a notebook replays."""
    found: set[Path] = set()
    for cell in book.cells:
        if cell.cell_type == "code":
            for pattern in (REPLAY, TAPE):
                named = (m[m.lastindex or 1] for m in pattern.finditer(cell.source))
                found.update(folder / name for name in named)
    return found


def recording(book: NotebookNode) -> NotebookNode:
    """The notebook with every replay turned into a recording."""
    copy = nbformat.from_dict(book)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.source = REPLAY.sub(lambda m: "--record" if m[1] else "record", cell.source)
    return copy


def run(book: NotebookNode, folder: Path) -> NotebookNode:
    """Execute in the notebook's own folder, keeping no widget state."""
    client = NotebookClient(
        book,
        timeout=1200,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        record_timing=False,
    )
    return client.execute()


def record(path: Path, *, outputs: bool = False) -> None:
    """Record one notebook's tapes, unless ``outputs``, and keep its outputs."""
    book = nbformat.read(path, as_version=4)
    tapes = tapes_of(book, path.parent) - set(map(kindtapes.tape, kindtapes.KINDS))
    if tapes and not outputs:
        for tape in tapes:
            tape.unlink(missing_ok=True)
            tape.parent.mkdir(exist_ok=True)
        run(recording(book), path.parent)
    done = run(book, path.parent)
    done.metadata.pop("widgets", None)
    done.metadata.language_info = {"name": "python"}
    nbformat.write(done, path)
    sizes = ", ".join(f"{t.name} {t.stat().st_size / 1000:.0f} kB" for t in sorted(tapes))
    print(f"{path.name}: {sizes or 'no tapes'}", flush=True)


def main(names: list[str]) -> int:
    """Record the named kinds and notebooks, or all of them."""
    from synthnb.models.weights import fetch

    model = fetch()
    outputs = "--outputs" in names
    named = [name for name in names if name != "--outputs"]
    kinds = [name for name in named if name in kindtapes.KINDS] if named else [*kindtapes.KINDS]
    paths = [Path(name) for name in named if name not in kindtapes.KINDS]
    paths = paths if named else sorted((ROOT / "notebooks").glob("*.ipynb"))
    with tempfile.TemporaryDirectory() as home:
        os.environ["SYNTHNB_MODELS"] = str(model.parent)
        os.environ["SYNTHNB_HOME"] = home
        for kind in () if outputs else kinds:
            kindtapes.record_kind(kind)
        for path in paths:
            record(path, outputs=outputs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
