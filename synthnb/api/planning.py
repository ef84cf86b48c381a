"""The rows of a run before any model is named: real ones opened, all of them planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synthnb.api.guarding import guarded
from synthnb.errors import SourceError
from synthnb.recipe import Recipe
from synthnb.recipe.parts import Source
from synthnb.samplers import Plan, make_plan
from synthnb.source import SourceRows, in_place_of, open_source

__all__ = ["folder_of", "open_rows", "plan_of", "planned"]

ROWS = 24
"""Rows of a run that names no number."""


def plan_of(recipe: Recipe, n: int | None = None, *, source: Any = None) -> Plan:
    """The plan of a run, whether or not its models and checks are there.

    Raises what ``prepare`` does of a source.
    """
    rows = open_rows(recipe, source, folder_of(recipe), goes_on=False)
    return planned(*rows, n)[1]


def folder_of(recipe: Recipe) -> Path:
    """The folder that files of a recipe are named from."""
    return recipe.path.resolve().parent if recipe.path is not None else Path.cwd()


def open_rows(
    recipe: Recipe, source: Any, base: Path, *, goes_on: bool
) -> tuple[Recipe, SourceRows | None]:
    """The source rows, and the recipe with a ``source`` if rows were given to it."""
    if source is None and recipe.source is None:
        return recipe, None
    given = source is not None and not goes_on and not isinstance(source, SourceRows)
    own = recipe.source or Source()
    if given:
        own = in_place_of(recipe.source, source, base=base)
    rows = open_source(own, base=base, frame=source)
    if given and (own.sha256 or rows.sha256).lower() != rows.sha256:
        # What the file held before: saved with it, the recipe would refuse its rows.
        own = own.model_copy(update={"sha256": None})
    if own is not recipe.source:
        recipe = recipe.replace(source=own)
    if not len(rows):
        raise SourceError(f"{rows.name} has no rows.")
    recipe.validate_source(rows.columns)
    rows = guarded(recipe, rows)
    if recipe.mix is not None and recipe.split is not None:
        from synthnb.source.heldout import hold_out

        rows = hold_out(rows, recipe.split, recipe.seed)
    return recipe, rows


def planned(recipe: Recipe, rows: SourceRows | None, n: int | None) -> tuple[int, Plan]:
    """How many rows to end with, and what they will be."""
    wanted = n if n is not None else recipe.target.rows
    if wanted is None:
        plan = make_plan(recipe, rows, ROWS)
        if plan.limit is None:
            return ROWS, plan
        wanted = plan.limit
    return wanted, make_plan(recipe, rows, wanted)
