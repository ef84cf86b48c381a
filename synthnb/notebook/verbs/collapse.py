"""``%synth collapse NAME …``: the collapse meter over batches, versions or depths."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Batches in their order, and what to hold them against."""
    parser.add_argument("names", nargs="*", help="batches or NAME@3, oldest first")
    parser.add_argument("--real", metavar="DF|FILE", help="real rows; default: the source")
    parser.add_argument("--label", metavar="COLUMN", help="a column of labels to watch")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches and versions."""
    return [*batches(magics.namespace), *version_names()]


def run(magics: SynthMagics, args: Namespace) -> Any:
    """The meter is returned, so that the cell shows it and ``_`` holds it."""
    from synthnb.collapse.meter import meter
    from synthnb.notebook.runs import open_flag

    found = [find_version_or_batch(magics.namespace, name) for name in args.names or [None]]
    stages = found[0] if len(found) == 1 else found
    try:
        return meter(stages, open_flag(magics, args.real), label=args.label)
    except ValueError as error:
        raise UsageError(f"{error}: %synth collapse NAME NAME --real DF") from error
