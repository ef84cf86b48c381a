"""The options of an export on a command line, the same in a terminal and in a notebook."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from synthnb.errors import ExportError
from synthnb.export import FORMATS, export
from synthnb.export.gate import PURPOSES, Withheld
from synthnb.visible import count

if TYPE_CHECKING:
    from pathlib import Path

    from synthnb.batch import Batch

__all__ = ["add_options", "formats_text", "write"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Format, columns, licence, purpose and what single formats take."""
    parser.add_argument("--format", metavar="F", help="which format; none lists them")
    parser.add_argument(
        "--column", metavar="ROLE=COLUMN", action="append", default=[],
        help="which column is what, such as prompt=question; may be repeated",
    )  # fmt: skip
    parser.add_argument("--license", help="licence of the rows, where the recipe has none")
    parser.add_argument("--purpose", choices=PURPOSES, help="what they are for")
    parser.add_argument(
        "--accept-terms",
        action="store_true",
        help="export although terms say no or nothing",
    )
    parser.add_argument("--split", choices=("train", "test"), help="one side of the split")
    parser.add_argument("--system", help="a system message before each talk")
    parser.add_argument("--task", help="name of the lm-eval task")
    parser.add_argument(
        "--against", metavar="FILE", action="append", default=[],
        help="training rows that a benchmark must not hold; may be repeated",
    )  # fmt: skip
    parser.add_argument("--plain", action="store_true", help="TRL: plain text, no messages")


def _chosen(args: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments of ``export`` for what was given."""
    options: dict[str, Any] = {"columns": dict(map(_pair, args.column))}
    for name in ("license", "purpose", "split", "system", "task"):
        if getattr(args, name) is not None:
            options[name] = getattr(args, name)
    if args.accept_terms:
        options["accept_terms"] = True
    if args.against:
        options["against"] = args.against
    if args.plain:
        options["conversational"] = False
    return options


def _pair(text: str) -> tuple[str, str]:
    role, equals, column = text.partition("=")
    if not equals or not role or not column:
        raise ExportError(f"--column takes ROLE=COLUMN, such as prompt=question, not {text!r}")
    return role, column


def formats_text() -> str:
    """All formats, a line each."""
    return "\n".join(f"{f.name:<10} {f.summary}" for f in FORMATS.values())


def write(batch: Batch, path: str | Path, args: argparse.Namespace) -> str:
    """Export as the arguments say; what was written, and what to know about it.

    What is missing is asked for by the flags that give it.
    """
    try:
        done = export(batch, path, args.format, **_chosen(args))
    except Withheld as error:
        raise ExportError(error.as_flags) from None
    lines = [f"{count(done.rows, 'row')} in {done.path}"]
    return "\n".join([*lines, *(f"Note: {said}" for said in done.warnings)])
