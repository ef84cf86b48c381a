"""``%synth studio NAME``: the recipe's controls, its rows and its versions in one place."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from collections import ChainMap
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from synthnb.errors import StoreError
from synthnb.notebook.completion import recipe_files
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.notebook.runs import open_flag
from synthnb.notebook.verbs.run import is_file, load

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.notebook.magics import SynthMagics
    from synthnb.notebook.studio import Studio
    from synthnb.recipe import Recipe

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Which recipe, with which rows and checks."""
    add = parser.add_argument
    add("name", nargs="?", help="a batch, NAME@3 or a recipe file; default: the last batch")
    add("--source", metavar="DF|FILE", help="real rows: a variable or a file")
    add("--checks", metavar="FILE.py", help="a Python file with checks of your own; it runs")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches, recipe files and versions."""
    return [] if words else [*batches(magics.namespace), *recipe_files(), *version_names()]


def run(magics: SynthMagics, args: Namespace) -> Studio:
    """The studio is returned, so that the cell shows it."""
    from synthnb.notebook.studio import Studio

    more = {
        "source": open_flag(magics, args.source),
        "checks": args.checks,
        "model": magics.model,
        "budget": magics.budget,
        "namespace": magics.namespace,
        # what is saved here may never have run: no version holds it for %synth save
        "written": ChainMap({}, magics.saved),
        "running": magics.running,
    }
    name = args.name
    if name is not None and name not in batches(magics.namespace) and is_file(name):
        recipe = load(name)
        return Studio(recipe, batch=_newest(recipe), **more)
    try:
        batch = find_version_or_batch(magics.namespace, name)
    except (StoreError, UsageError) as error:
        if name is not None and "@" in name:
            raise
        said = str(error) if str(error).endswith("?") else f"{error}."
        begin = "To begin a recipe: %synth new KIND, then %synth studio FILE"
        raise UsageError(f"{said} {begin}") from None
    return Studio(batch.recipe, batch=batch, **more)


def _newest(recipe: Recipe) -> Batch | None:
    """The newest version that the recipe's name has in this folder, if its rows are there."""
    from synthnb.versions import open_version

    with contextlib.suppress(StoreError):
        return open_version(recipe.name or "")
    return None
