"""What a plan aims at: expected counts of each label, and quotas as whole rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synthnb.recipe.parts import Category, Subcategory, label
from synthnb.samplers.columns import find_value, options
from synthnb.types import JSON, Row

if TYPE_CHECKING:
    from synthnb.recipe import Recipe

__all__ = ["largest_remainder", "planned_counts", "quota_cells", "share"]


def largest_remainder(weights: Sequence[float], total: int) -> list[int]:
    """``total`` rows dealt by weight in whole numbers (Hamilton's method).

    >>> largest_remainder([0.5, 0.3, 0.2], 7)
    [4, 2, 1]
    """
    mass = sum(weights)
    exact = [total * weight / mass for weight in weights]
    counts = [int(part) for part in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: (counts[i] - exact[i], i))
    for place in by_rest[: total - sum(counts)]:
        counts[place] += 1
    return counts


def share(column: Category) -> list[float]:
    """The weights as shares of 1."""
    total = sum(column.weights)
    return [weight / total for weight in column.weights]


def quota_cells(recipe: Recipe) -> list[tuple[Row, int]]:
    """Quotas as (attribute values, exact count), in the recipe's order.

    ``"topic & difficulty": {"vat & hard": 5}`` is one cell of two attributes. Labels come
    as the column has them: ``1`` and ``true``, not their text.
    """
    cells: list[tuple[Row, int]] = []
    for names, wanted in recipe.target.quotas.items():
        columns = [name.strip() for name in names.split("&")]
        for values, count in wanted.items():
            parts = [part.strip() for part in values.split("&", len(columns) - 1)]
            if len(columns) == 1:
                parts = [values]
            pairs = zip(columns, parts, strict=False)
            cells.append(({name: _labelled(recipe, name, part) for name, part in pairs}, count))
    return cells


def _labelled(recipe: Recipe, name: str, text: str) -> JSON:
    column = recipe.columns.get(name)
    known: list[JSON] = []
    if isinstance(column, Category):
        known = list(column.values)
    elif isinstance(column, Subcategory):
        known = [value for values in column.of.values() for value in values]
    found = find_value(known, text)
    return text if found is None else found


def planned_counts(recipe: Recipe, n: int) -> dict[str, dict[str, float]]:
    """Rows that each label should get among ``n``: column, then label as text.

    Categories follow their weights, subcategories split what their parent gets, and a
    quota puts its exact count in place of the share; the other labels share what is left.
    """
    found: dict[str, dict[str, float]] = {}
    for name in recipe.columns:
        _plan(recipe, name, n, found)
    return {name: found[name] for name in recipe.columns if name in found}


def _plan(recipe: Recipe, name: str, n: int, found: dict[str, dict[str, float]]) -> None:
    column = recipe.columns.get(name)
    if name in found:
        return
    if isinstance(column, Category):
        pairs = zip(column.values, share(column), strict=True)
        expected = {label(value): part * n for value, part in pairs}
    elif isinstance(column, Subcategory):
        _plan(recipe, column.parent, n, found)
        expected = {}
        for parent, count in found.get(column.parent, {}).items():
            choices = options(column, parent)
            for value in choices:
                key = label(value)
                expected[key] = expected.get(key, 0.0) + count / len(choices)
        if not expected:
            return
    else:
        return
    found[name] = _with_quota(expected, recipe.target.quotas.get(name, {}), n)


def _with_quota(expected: dict[str, float], quota: dict[str, int], n: int) -> dict[str, float]:
    fixed = {key: float(count) for key, count in quota.items() if key in expected}
    rest = {key: count for key, count in expected.items() if key not in fixed}
    left = max(0.0, n - sum(fixed.values()))
    total = sum(rest.values())
    scaled = {key: left * count / total if total else 0.0 for key, count in rest.items()}
    return {key: fixed.get(key, scaled.get(key, 0.0)) for key in expected}
