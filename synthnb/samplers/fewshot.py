"""Which examples a call shows: seeded, rotating, and stratified by class.

The rule. Without ``few_shot`` a call shows all examples in their order. With it, the
examples are grouped by class: the label column that they carry (the recipe's last
category or subcategory that every example has a value for, or the column's own
``choices``). The first pick shares the row's class, the others come from the remaining
classes, each class once before one comes again. Inside a class the examples take turns.
The shown order is shuffled, so that no class always speaks last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from synthnb.errors import SourceError
from synthnb.recipe.parts import Category, Prompt, Subcategory, label
from synthnb.samplers.draws import deck, permutation
from synthnb.suggest import did_you_mean
from synthnb.types import JSON

if TYPE_CHECKING:
    from synthnb.recipe import Recipe
    from synthnb.source import SourceRows

__all__ = ["class_column", "pick_examples", "seeded", "with_examples"]

SEEDS = 10_000
"""Source rows that are kept as examples."""


def seeded(recipe: Recipe) -> list[str]:
    """Columns whose examples are rows of the source."""
    columns = recipe.columns.items()
    return [n for n, c in columns if isinstance(c, Prompt) and c.examples_from is not None]


def with_examples(recipe: Recipe, source: SourceRows | None) -> Recipe:
    """The recipe with source rows in place of ``examples_from``."""
    names = seeded(recipe)
    if not names or source is None:
        return recipe
    rows = [source.row(place) for place in range(min(len(source), SEEDS))]
    columns = dict(recipe.columns)
    for name in names:
        if name not in source.columns:
            hint = did_you_mean(name, source.columns) or f"; it has {', '.join(source.columns)}"
            raise SourceError(f"examples_from: {source.name} has no column {name!r}{hint}")
        known = [row for row in rows if row.get(name) not in (None, "")]
        filled = {"examples": known, "examples_from": None}
        columns[name] = columns[name].model_copy(update=filled)
    return recipe.replace(columns=columns)


def class_column(recipe: Recipe, column: str) -> str | None:
    """The column by which the examples of ``column`` are stratified, if there is one."""
    prompt = recipe.columns[column]
    if not isinstance(prompt, Prompt) or not prompt.examples:
        return None
    columns = recipe.columns.items()
    labels = [name for name, other in columns if isinstance(other, Category | Subcategory)]
    if prompt.choices is not None:
        labels.append(column)
    carried = [name for name in labels if all(name in example for example in prompt.examples)]
    return carried[-1] if carried else None


def pick_examples(
    recipe: Recipe,
    column: str,
    index: int,
    values: Mapping[str, JSON],
    count: int | None = None,
) -> tuple[int, ...]:
    """Positions in the column's ``examples`` that row ``index`` shows, in shown order.

    ``values`` are the row's attributes; ``count`` takes the place of ``few_shot``. Never the
    same example twice in one call; fewer only where there are no more.
    """
    prompt = recipe.columns[column]
    if not isinstance(prompt, Prompt) or not prompt.examples:
        return ()
    total = len(prompt.examples)
    if prompt.few_shot is None:
        return tuple(range(total))
    wanted = min(prompt.few_shot if count is None else count, total)
    key = class_column(recipe, column)
    classes: dict[str, list[int]] = {}
    for place, example in enumerate(prompt.examples):
        group = "" if key is None else label(example[key])
        classes.setdefault(group, []).append(place)
    own = label(values[key]) if key is not None and key in values else None
    picks: list[int] = []
    groups = _groups(recipe.seed, column, list(classes), own, index, wanted)
    for turn, group in enumerate(groups):
        left = [place for place in classes[group] if place not in picks]
        if not left:
            left = [place for place in range(total) if place not in picks]
        shown = _next(recipe.seed, column, group, classes[group], index, turn)
        picks.append(next((place for place in shown if place in left), left[0]))
    shuffle = permutation(len(picks), recipe.seed, column, "shown", index)
    return tuple(picks[place] for place in shuffle)


def _groups(
    seed: int, column: str, groups: list[str], own: str | None, index: int, wanted: int
) -> list[str]:
    """The class of each pick: the row's own first, then the others in a seeded order."""
    others = [group for group in groups if group != own]
    order = [own] if own in groups and own is not None else []
    turns = permutation(len(others), seed, column, "classes", index)
    order += [others[place] for place in turns]
    return [order[place % len(order)] for place in range(wanted)]


def _next(
    seed: int, column: str, group: str, members: list[int], index: int, turn: int
) -> list[int]:
    """The members in the order of a deck that moves on with every row."""
    size = len(members)
    turns = range(index + turn, index + turn + size)
    dealt = [deck(size, place, seed, column, "examples", group)[0] for place in turns]
    rest = [place for place in range(size) if place not in dealt]
    return [members[place] for place in dict.fromkeys(dealt + rest)]
