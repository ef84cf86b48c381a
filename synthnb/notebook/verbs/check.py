"""``%synth check NAME``: the report of a batch."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from synthnb.notebook.names import batches, find_version_or_batch, tables, version_names
from synthnb.notebook.options import Parser

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Which rows, what to compare with."""
    parser.add_argument("name", nargs="?", help="batch, NAME@3 or table; default: last batch")
    parser.add_argument("--real", metavar="DF|FILE", help="real rows; default: the source")
    parser.add_argument("--text", metavar="COLUMN", help="the column to measure as text")
    parser.add_argument("--html", metavar="OUT", help="also write a page to share")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches, versions and tables."""
    known = [*batches(magics.namespace), *version_names(), *tables(magics.namespace)]
    return [] if words else known


def run(magics: SynthMagics, args: Namespace) -> Any:
    """The report is returned, so that the cell shows it and ``_`` holds it."""
    from synthnb.notebook.runs import open_flag
    from synthnb.report import report

    known = tables(magics.namespace)
    rows = known.get(args.name)
    if rows is None:
        rows = find_version_or_batch(magics.namespace, args.name)
    found = report(rows, open_flag(magics, args.real), text=args.text)
    if args.html is not None:
        found.save(args.html)
    return found
