"""``%synth studio NAME``: the recipe's controls, its rows and its versions in one place."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.notebook.completion import recipe_files
from synthnb.notebook.names import batches, find_batch
from synthnb.notebook.options import Parser
from synthnb.notebook.verbs.run import is_file, load

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics
    from synthnb.notebook.studio import Studio

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Which recipe."""
    parser.add_argument(
        "name", nargs="?", help="a batch or a recipe file; default: the last batch"
    )


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches and recipe files."""
    return [] if words else [*batches(magics.namespace), *recipe_files()]


def run(magics: SynthMagics, args: Namespace) -> Studio:
    """The studio is returned, so that the cell shows it."""
    from synthnb.notebook.studio import Studio

    name = args.name
    if name is not None and name not in batches(magics.namespace) and is_file(name):
        return Studio(load(name), namespace=magics.namespace)
    batch = find_batch(magics.namespace, name)
    return Studio(batch.recipe, batch=batch, namespace=magics.namespace)
