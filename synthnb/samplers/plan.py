"""The plan: which attributes and which source row stand behind each candidate.

A planned row follows from the recipe's seed and the row's index alone, so a plan keeps no
list, answers for any index, and gives top-up candidates (index n and beyond) the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from synthnb.errors import RecipeError, SourceError
from synthnb.recipe.parts import (
    Category,
    Datetime,
    Integer,
    Like,
    Number,
    Person,
    Subcategory,
    Uuid,
    label,
)
from synthnb.samplers.columns import category_by_index, draw_plain
from synthnb.samplers.counts import planned_counts
from synthnb.samplers.draws import permuted
from synthnb.samplers.fewshot import pick_examples, seeded, with_examples
from synthnb.samplers.labels import Labels, draw_label, with_parents
from synthnb.suggest import did_you_mean
from synthnb.types import JSON, Row

if TYPE_CHECKING:
    from synthnb.like import JointModel
    from synthnb.recipe import Recipe
    from synthnb.source import SourceRows

__all__ = ["Plan", "PlannedRow", "few_shot_picks", "make_plan"]

_TRIES = 2000


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """What is known about a candidate before any model is asked."""

    index: int
    values: Row
    """Sampled columns in recipe order; prompts and expressions are not among them."""
    source: Row | None = None
    source_id: str | None = None
    source_depth: int = 0
    """Generation of the source row: 0 for a real one."""


class Plan:
    """Planned rows by index; see ``make_plan``."""

    def __init__(self, recipe: Recipe, source: SourceRows | None, n: int) -> None:
        self.recipe = with_examples(recipe, source)
        """The recipe, with source rows as examples where it says so."""
        self.source = source
        self.n = n
        self._joint: JointModel | None = _fit(recipe, source)
        self._uses_rows = source is not None and _reads_rows(recipe)
        self._positions: dict[tuple[str, str], list[int]] = {}
        self._draws = _independent(recipe)
        self.steering: dict[int, tuple[bool, bool]] = {}
        """How quotas that hang together are met, by rows wanted: found by a rehearsal of all
        of them, so it is kept for the next job of this plan."""

    @property
    def limit(self) -> int | None:
        """Rows until the source is used up; ``None`` where there is no end.

        A source ends the plan unless it repeats; conditioned rows (``where``) repeat.
        """
        settings = self.recipe.source
        if self.source is None or not self._uses_rows:
            return None
        if settings is None:
            return len(self.source)
        return None if settings.repeat else len(self.source) * settings.per_row

    @property
    def targets(self) -> dict[str, dict[str, float]]:
        """Rows that each label should get: ``planned_counts`` for the plan's n."""
        return planned_counts(self.recipe, self.n)

    def conditions(self, column: str) -> bool:
        """Whether ``row(where=…)`` can fix this column: sampled labels, source columns."""
        if isinstance(self.recipe.columns.get(column), Category | Subcategory | Like | Integer):
            return True
        in_source = self.source is not None and self._uses_rows
        return in_source and self.source is not None and column in self.source.columns

    def row(self, index: int, where: Mapping[str, JSON] | None = None) -> PlannedRow:
        """The candidate at ``index``, all of its other draws as without ``where``.

        ``where`` fixes labels (quotas, rare cells): a category's value, a subcategory
        (its parent is drawn among those that offer it), a column of the source (a
        matching row is taken, again from the first once all were). Raises IndexError
        beyond ``limit``, RecipeError if nothing can match.
        """
        if index < 0 or (not where and self.limit is not None and index >= self.limit):
            raise IndexError(f"row {index} of a plan of {self.limit}")
        fixed = dict(where or {})
        for name in fixed:
            if not self.conditions(name):
                hint = self._hint(name)
                raise RecipeError(f"{name!r} is no label that a quota can ask for{hint}")
        position = self._source_position(index, fixed)
        source = self.source.row(position) if self.source and position is not None else None
        values = self._sample(index, fixed, source)
        if self.source is None or position is None:
            return PlannedRow(index, values)
        return PlannedRow(
            index, values, source, self.source.id(position), self.source.depth(position)
        )

    def few_shot(
        self,
        column: str,
        index: int,
        values: Mapping[str, JSON] | None = None,
        wanted: int | None = None,
    ) -> tuple[int, ...]:
        """Examples that row ``index`` shows; ``values`` spare a draw of its attributes.

        ``wanted`` are fewer than the column's ``few_shot`` (others come from elsewhere).
        """
        known = self.row(index).values if values is None else values
        return pick_examples(self.recipe, column, index, known, wanted)

    def _hint(self, name: str) -> str:
        known = [other for other in self.recipe.columns if self.conditions(other)]
        known += [other for other in (self.source.columns if self.source else [])]
        return did_you_mean(name, known) or f"; there are {', '.join(known) or 'none'}"

    def _source_position(self, index: int, fixed: Mapping[str, JSON]) -> int | None:
        if self.source is None or not self._uses_rows:
            return None
        settings = self.recipe.source
        turn = index // settings.per_row if settings else index
        asked = [name for name in fixed if name not in self.recipe.columns]
        if asked:
            rows = self._matching(asked[0], fixed[asked[0]])
            for name in asked[1:]:
                allowed = set(self._matching(name, fixed[name]))
                rows = [row for row in rows if row in allowed]
            if not rows:
                raise RecipeError(f"No source row has {_shown(fixed)}.")
            return rows[self._place(turn, len(rows), _shown(fixed))]
        return self._place(turn, len(self.source), "")

    def _place(self, turn: int, size: int, label_: str) -> int:
        """File order or a seeded shuffle, a new one for every round through the rows."""
        round_, place = divmod(turn, size)
        if self.recipe.source is not None and self.recipe.source.order == "file":
            return place
        return permuted(place, size, self.recipe.seed, "source", label_, round_)

    def _matching(self, column: str, wanted: JSON) -> list[int]:
        key = (column, label(wanted))
        if key not in self._positions and self.source is not None:
            values = self.source.values(column)
            self._positions[key] = [
                place for place, value in enumerate(values) if label(value) == key[1]
            ]
        return self._positions[key]

    def _sample(self, index: int, fixed: dict[str, JSON], source: Row | None) -> Row:
        if not fixed and self._draws is not None:
            return {name: draw(index) for name, draw in self._draws}
        fixed = with_parents(self.recipe, fixed, index)
        joint = self._draw_joint(index, fixed)
        row = Labels(self.recipe, index, fixed, {**(source or {}), **joint})
        values: Row = {}
        for name, column in self.recipe.columns.items():
            if isinstance(column, Category | Subcategory):
                values[name] = draw_label(row, name).value
            elif isinstance(column, Like):
                values[name] = joint[name]
            elif isinstance(column, Integer) and name in fixed:
                values[name] = int(fixed[name])
            elif isinstance(column, Integer | Number | Datetime | Person | Uuid):
                values[name] = draw_plain(column, name, self.recipe.seed, index)
        return values

    def _draw_joint(self, index: int, fixed: Mapping[str, JSON]) -> Row:
        if self._joint is None:
            return {}
        asked = {
            name: label(value)
            for name, value in fixed.items()
            if isinstance(self.recipe.columns.get(name), Like)
        }
        for attempt in range(_TRIES if asked else 1):
            row: Row = self._joint.sample(self.recipe.seed, index, attempt)
            if all(label(row[name]) == value for name, value in asked.items()):
                return row
        raise RecipeError(f"None of {_TRIES} rows drawn like the source has {_shown(fixed)}.")


def _independent(recipe: Recipe) -> list[tuple[str, Callable[[int], JSON]]] | None:
    """One function of the index a column, where no column depends on another."""
    draws: list[tuple[str, Callable[[int], JSON]]] = []
    for name, column in recipe.columns.items():
        if isinstance(column, Subcategory | Like):
            return None
        if isinstance(column, Category):
            draws.append((name, category_by_index(column, name, recipe.seed)))
        elif isinstance(column, Integer | Number | Datetime | Person | Uuid):
            draws.append((name, partial(draw_plain, column, name, recipe.seed)))
    return draws


def _shown(fixed: Mapping[str, JSON]) -> str:
    return " and ".join(f"{name} = {label(value)}" for name, value in fixed.items())


def _fit(recipe: Recipe, source: SourceRows | None) -> JointModel | None:
    wanted = {n: c.column for n, c in recipe.columns.items() if isinstance(c, Like)}
    if not wanted:
        return None
    if source is None:
        names = ", ".join(wanted)
        raise SourceError(f"Columns that follow real ones ({names}) need a source.")
    from synthnb.like import fit_joint

    return fit_joint(source, wanted)


def _reads_rows(recipe: Recipe) -> bool:
    """Whether each row stands on a source row of its own.

    Rows that only follow the source's distribution (``like``), or are shown some of its
    rows as examples, have no single parent.
    """
    columns = recipe.columns.items()
    if not any(isinstance(column, Like) for _, column in columns) and not seeded(recipe):
        return True
    return any(
        reference.startswith("source.")
        for name, column in columns
        if not isinstance(column, Like)
        for reference in recipe.references(name)
    )


def make_plan(recipe: Recipe, source: SourceRows | None, n: int) -> Plan:
    """The plan of ``n`` rows; everything that can fail without a model fails here.

    Raises a SourceError where the recipe needs rows and none are given, or where a
    ``like`` column can't be fitted.
    """
    if recipe.source is not None and source is None:
        raise SourceError("The recipe reads source rows, and none are open.")
    return Plan(recipe, source, n)


def few_shot_picks(recipe: Recipe, column: str, index: int) -> tuple[int, ...]:
    """Examples that row ``index`` shows, where its labels need no source row."""
    row = Labels(recipe, index, {}, {})
    labels = [n for n, c in recipe.columns.items() if isinstance(c, Category | Subcategory)]
    values = {name: draw_label(row, name).value for name in labels}
    return pick_examples(recipe, column, index, values)
