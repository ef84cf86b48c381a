"""Each change alone: the old recipe with one part of the new one, so that effects of several
changes can be told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthnb import cell
from synthnb.errors import RecipeError
from synthnb.recipe import Recipe
from synthnb.types import JSON

if TYPE_CHECKING:
    from synthnb.diff import Diff

__all__ = ["each_alone"]

MOST = 4
"""Changed parts at most: more cells than that nobody runs."""
_PARTED = frozenset({"columns", "params", "models", "target"})
"""Keys whose entries are changed one by one; others are changed as a whole."""


def each_alone(diff: Diff) -> tuple[str, ...]:
    """Cell bodies, one for each of two to four changed parts.

    Empty where rows are not paired, where the rows of the source are not in a file, and
    where a part is no recipe without the others.
    """
    old, new = diff.old.recipe, diff.new.recipe
    parts = dict.fromkeys(
        tuple(key.split(".")[: 2 if key.split(".")[0] in _PARTED else 1])
        for key in diff.recipe.effective
    )
    source = old.source
    in_memory = source is not None and source.path is None and source.documents is None
    if not diff.paired or in_memory or not 2 <= len(parts) <= MOST:
        return ()
    try:
        made = [_with(old, new.to_dict(), part) for part in parts]
    except RecipeError:
        return ()
    if any(recipe == old for recipe in made):  # settings chose another model: no recipe says
        return ()
    return tuple(cell.dumps(recipe) for recipe in made)


def _with(old: Recipe, new: dict[str, JSON], part: tuple[str, ...]) -> Recipe:
    """The old recipe with this part as the new one has it, or without it."""
    data = old.to_dict()
    target, other = data, new
    for key in part[:-1]:
        target = target.setdefault(key, {})
        other = other.get(key) or {}
    if part[-1] in other:
        target[part[-1]] = other[part[-1]]
    else:
        target.pop(part[-1], None)
    return Recipe.from_dict({key: value for key, value in data.items() if value != {}})
