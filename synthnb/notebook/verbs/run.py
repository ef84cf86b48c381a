"""``%synth run FILE``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.errors import RecipeError
from synthnb.notebook.completion import recipe_files
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser, add_run_options
from synthnb.recipe import Recipe
from synthnb.suggest import did_you_mean

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "is_file", "load", "load_or_find", "options", "run"]

_SUFFIX = ".synth.yaml"


def options(parser: Parser) -> None:
    """The recipe, and how to run it."""
    parser.add_argument("recipe", help="a recipe file, a batch or NAME@3 to run again")
    add_run_options(parser)


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Recipe files, batches and versions."""
    return [] if words else [*recipe_files(), *batches(magics.namespace), *version_names()]


def is_file(name: str) -> bool:
    """Whether ``name`` is a recipe file, with or without its ending."""
    return Path(name).is_file() or Path(name + _SUFFIX).is_file()


def load(name: str) -> Recipe:
    """The recipe in a file, with or without its ending; it always has a name."""
    path = Path(name) if Path(name).is_file() else Path(name + _SUFFIX)
    if not path.is_file():
        known = recipe_files()
        hint = did_you_mean(name, [*known, *(f.removesuffix(_SUFFIX) for f in known)])
        raise RecipeError(f"No recipe file is called {name}{hint or '; %synth new writes one'}")
    recipe = Recipe.load(path)
    return recipe if recipe.name else recipe.replace(name=path.name.split(".")[0])


def load_or_find(magics: SynthMagics, name: str) -> tuple[Recipe, Any]:
    """The recipe of a batch, a file or a version, in this order, and its rows in memory."""
    if name not in batches(magics.namespace):
        stored = {known.partition("@")[0] for known in version_names()}
        if is_file(name) or not ("@" in name or name in stored):
            return load(name), None
    batch = find_version_or_batch(magics.namespace, name)
    return batch.recipe, batch.frame


def run(magics: SynthMagics, args: Namespace) -> Any:
    """Run it with the line's changes; the batch is bound and returned."""
    from synthnb.notebook.runs import open_flag, run_recipe

    if is_file(args.recipe):
        recipe, frame = load(args.recipe), None
    else:
        recipe, frame = load_or_find(magics, args.recipe)
    changes: dict[str, Any] = {}
    if args.seed is not None:
        changes["seed"] = args.seed
    if args.model is not None:
        changes["model"] = args.model
    recipe = recipe.replace(**changes) if changes else recipe
    return run_recipe(magics, recipe, args, open_flag(magics, args.source), frame)
