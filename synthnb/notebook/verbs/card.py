"""``%synth card NAME``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Which batch."""
    parser.add_argument("name", nargs="?", help="batch or NAME@3; default: the last batch")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches and versions."""
    return [] if words else [*batches(magics.namespace), *version_names()]


def run(magics: SynthMagics, args: Namespace) -> None:
    """Print the card as it would stand in README.md."""
    print(find_version_or_batch(magics.namespace, args.name).card(), end="")
