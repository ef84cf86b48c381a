"""``%synth history NAME``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.notebook.names import find_version_or_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.versions import History, history

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Whose versions."""
    parser.add_argument("name", nargs="?", help="the batch's name; the last one if unset")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Names that have versions in this folder."""
    return [] if words else sorted({name.split("@")[0] for name in version_names()})


def run(magics: SynthMagics, args: Namespace) -> History:
    """The table, returned so that the cell shows it."""
    return history(args.name or find_version_or_batch(magics.namespace, None).name)
