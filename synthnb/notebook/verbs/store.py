"""``%synth store [info|prune]``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.cli.values import days, natural
from synthnb.notebook.options import Parser

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """What to do with it."""
    what = ("info", "prune")
    parser.add_argument("what", nargs="?", choices=what, default="info", help="info or prune")
    parser.add_argument("--days", type=days, help="prune: drop answers older than this")
    parser.add_argument("--runs", type=natural, help="prune: keep rows of so many newest runs")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """What it can do."""
    return [] if words else ["info", "prune"]


def run(magics: SynthMagics, args: Namespace) -> None:
    """Print what is kept, or what was dropped."""
    from synthnb.api.stores import shared_store
    from synthnb.storage import prune, store_text

    store = shared_store()
    if args.what == "prune":
        print(prune(store, days=args.days, runs=args.runs))
    else:
        print(store_text(store))
