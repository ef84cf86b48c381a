"""``%synth estimate NAME``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from synthnb.cli.values import whole
from synthnb.notebook.completion import recipe_files
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.settings import load_settings

if TYPE_CHECKING:
    from synthnb.api import Estimate
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Of what."""
    add: Any = parser.add_argument
    add("recipe", nargs="?", help="a batch, NAME@3 or a recipe file; the last batch if unset")
    add("-n", "--rows", type=whole, metavar="N", help="accepted rows wanted")
    add("--model", metavar="P/M", help="PROFILE/MODEL for columns that name none")
    add("--source", metavar="DF|FILE", help="real rows: a variable or a file")
    add("--checks", metavar="FILE.py", help="a Python file with checks of your own; it runs")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Recipe files, batches and versions."""
    return [] if words else [*recipe_files(), *batches(magics.namespace), *version_names()]


def run(magics: SynthMagics, args: Namespace) -> Estimate:
    """Requests, tokens, money and time, returned so that the cell shows it; sends nothing.

    A batch's own rows make it closer.
    """
    from synthnb.api import estimate
    from synthnb.notebook.runs import open_flag
    from synthnb.notebook.verbs.run import load_or_find

    source = open_flag(magics, args.source)
    if args.recipe is not None:
        recipe, frame = load_or_find(magics, args.recipe)
    else:
        batch = find_version_or_batch(magics.namespace, None)
        recipe, frame = batch.recipe, batch.frame
    source = source if source is not None else frame
    settings = load_settings().override("%config", model=magics.model or None)
    rows = args.rows or recipe.target.rows or magics.rows or None
    return estimate(
        recipe, rows, model=args.model, source=source, settings=settings, checks=args.checks
    )
