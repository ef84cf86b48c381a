"""The labels of one row: categories, subcategories under their parents, and quotas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from synthnb.errors import RecipeError
from synthnb.recipe.parts import Category, Subcategory, label
from synthnb.samplers.columns import (
    Drawn,
    draw_category,
    draw_subcategory,
    find_value,
    options,
)
from synthnb.samplers.draws import spread
from synthnb.types import JSON, Row

if TYPE_CHECKING:
    from synthnb.recipe import Recipe

__all__ = ["Labels", "draw_label", "with_parents"]


@dataclass(frozen=True, slots=True)
class Labels:
    """One row's labels in the making."""

    recipe: Recipe
    index: int
    fixed: Mapping[str, JSON]
    """Labels that a quota asks for."""
    given: Row
    """Values that are there without a draw: source columns, fitted columns."""
    drawn: dict[str, Drawn] = field(default_factory=dict)


def draw_label(row: Labels, name: str) -> Drawn:
    """The label of column ``name``, its parents first; each is drawn once a row."""
    if name in row.drawn:
        return row.drawn[name]
    column, seed = row.recipe.columns.get(name), row.recipe.seed
    if name in row.fixed and isinstance(column, Category | Subcategory):
        found = Drawn(row.fixed[name], row.index, f"={label(row.fixed[name])}")
    elif isinstance(column, Category):
        found = draw_category(column, name, seed, row.index)
    elif isinstance(column, Subcategory):
        found = draw_subcategory(column, name, seed, draw_label(row, column.parent))
    else:
        value = row.given.get(name)
        found = Drawn(value, row.index, label(value))
    row.drawn[name] = found
    return found


def with_parents(recipe: Recipe, fixed: dict[str, JSON], index: int) -> dict[str, JSON]:
    """Add a parent value for each fixed subcategory, and labels as their column has them."""
    todo, done = dict(fixed), dict[str, JSON]()
    while todo:
        name, wanted = todo.popitem()
        column = recipe.columns.get(name)
        if isinstance(column, Category):
            value = find_value(column.values, wanted)
            if value is None:
                raise RecipeError(f"Column {name} has no value {label(wanted)!r}.")
            done[name] = value
        elif isinstance(column, Subcategory):
            value, parent = _parent_of(recipe, name, column, wanted, index, {**todo, **done})
            done[name] = value
            if column.parent in recipe.columns and column.parent not in done:
                todo[column.parent] = parent
        else:
            done[name] = wanted
    return done


def _parent_of(
    recipe: Recipe, name: str, column: Subcategory, wanted: JSON, index: int, fixed: Row
) -> tuple[JSON, JSON]:
    """(the label itself, a parent value under which it stands)."""
    offers = {
        key: find_value(values, wanted)
        for key, values in column.of.items()
        if find_value(values, wanted) is not None
    }
    if column.parent in fixed:
        key = find_value(list(column.of), fixed[column.parent])
        offers = {key: offers[key]} if key in offers else {}
    if not offers:
        raise RecipeError(f"Column {name} has no value {label(wanted)!r} under that parent.")
    parent = recipe.columns.get(column.parent)
    weights = [1.0 / len(options(column, key)) for key in offers]
    if isinstance(parent, Category):
        given = {label(v): w for v, w in zip(parent.values, parent.weights, strict=True)}
        weights = [w * given.get(key, 0.0) for key, w in zip(offers, weights, strict=True)]
    mark = spread(index, recipe.seed, name, "parent", label(wanted)) * sum(weights)
    edges = zip(offers, accumulate(weights), strict=True)
    key = next((key for key, edge in edges if mark < edge), next(iter(offers)))
    return offers[key], key
