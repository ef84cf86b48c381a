"""``%synth new KIND``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb.notebook.options import Parser
from synthnb.recipes import copy_kind, kinds_text, list_kinds

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """The kind to copy."""
    parser.add_argument("kind", nargs="?", help="which recipe; without one they are listed")
    parser.add_argument("--into", metavar="FOLDER", default=".", help="folder (this one)")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Names of the shipped recipes."""
    return [] if words else list_kinds()


def run(magics: SynthMagics, args: Namespace) -> None:
    """Copy the recipe here; nothing is overwritten, and a cell that is run twice is fine."""
    if args.kind is None:
        print(kinds_text())
        return
    written = copy_kind(args.kind, Path(args.into), again=True)
    print("Here: " + ", ".join(path.as_posix() for path in written))
    print(f"Run it: %synth run {written[0].as_posix()}")
