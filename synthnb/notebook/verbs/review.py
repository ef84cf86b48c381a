"""``%synth review NAME``: keep, drop, edit and tag rows, one by one."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.review import Queue

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Which rows."""
    parser.add_argument("name", nargs="?", help="batch or NAME@3; default: the last batch")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--accepted", action="store_true", help="accepted rows alone")
    which.add_argument("--rejected", action="store_true", help="rejected rows alone")
    which.add_argument("--selected", action="store_true", help="rows selected in its view")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches and versions."""
    return [] if words else [*batches(magics.namespace), *version_names()]


def run(magics: SynthMagics, args: Namespace) -> Queue:
    """The queue is returned, so that the cell shows it."""
    batch = find_version_or_batch(magics.namespace, args.name)
    if args.selected:
        return Queue(batch, batch.selection.ids)
    only = "accepted" if args.accepted else "rejected" if args.rejected else None
    found: Queue = batch.review(only)
    return found
