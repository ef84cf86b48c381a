"""``%synth export NAME PATH --format F``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.export.options import add_options, formats_text, write
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Which batch, where to, and how."""
    parser.add_argument("name", nargs="?", help="the batch, or NAME@3")
    parser.add_argument("path", nargs="?", help="file or folder to write")
    add_options(parser)


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """The batch first."""
    return [] if words else [*batches(magics.namespace), *version_names()]


def run(magics: SynthMagics, args: Namespace) -> None:
    """Write the rows and say what to know about them; without a path list the formats."""
    if args.path is None:
        print(formats_text())
        return
    batch = find_version_or_batch(magics.namespace, args.name)
    print(write(batch, args.path, args))
