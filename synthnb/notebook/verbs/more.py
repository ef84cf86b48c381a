"""``%synth more NAME --like ROWS --unlike ROWS``: examples and weights into the recipe."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from synthnb.decisions import row_id
from synthnb.explore import Selection
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser, add_run_options
from synthnb.steer import SteerError, rows_of, steer
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.notebook.magics import SynthMagics
    from synthnb.types import Record

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Which rows, and how to run what comes of it."""
    parser.add_argument("name", nargs="?", help="batch or NAME@3; default: the last batch")
    what = "row numbers (3,7,12-15), 'selection', or a variable that holds a selection"
    parser.add_argument("--like", metavar="ROWS", help=f"more like these: {what}")
    parser.add_argument("--unlike", metavar="ROWS", help="fewer like these")
    parser.add_argument("--run", action="store_true", help="run the new recipe at once")
    add_run_options(parser)


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches and versions."""
    return [] if words else [*batches(magics.namespace), *version_names()]


def run(magics: SynthMagics, args: Namespace) -> Any:
    """Print the diff; the new cell is put below, or run."""
    batch = find_version_or_batch(magics.namespace, args.name)
    like, unlike = (_rows(magics, batch, text) for text in (args.like, args.unlike))
    made = steer(batch, like, unlike)
    print(made)
    if args.run:
        from synthnb.notebook.runs import open_flag, run_recipe

        source = open_flag(magics, args.source)
        return run_recipe(magics, made.recipe, args, source, batch.frame)
    magics.shell.set_next_input(made.cell, replace=False)
    return None


def _rows(magics: SynthMagics, batch: Batch, text: str | None) -> list[Record]:
    if text is None:
        return []
    held = magics.namespace.get(text)
    if held is None:
        return rows_of(batch, text)
    if isinstance(held, Selection):
        known = {row_id(record): record for record in batch.records}
        return [known[row] for row in held.ids if row in known]
    if isinstance(held, list) and all(isinstance(n, int) for n in held):
        return rows_of(batch, ",".join(map(str, held)))
    raise SteerError(f"{one_line(text, 40)} holds no rows: a selection, or a list of numbers.")
