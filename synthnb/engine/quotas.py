"""Quotas as cells with room: exact counts for some values, the rest shares what is left."""

from __future__ import annotations

from synthnb.errors import RecipeError
from synthnb.recipe.parts import Category, Integer, Like, Subcategory, label
from synthnb.samplers import Plan, quota_cells
from synthnb.samplers.columns import options
from synthnb.samplers.draws import uniform
from synthnb.types import JSON, Row

__all__ = ["REST", "Family", "families"]

REST: tuple[JSON, ...] = ()
"""The cell of every combination that has no quota of its own."""


class Family:
    """The quotas on one column, or on one combination of columns.

    ``planned`` families are on attributes, which the plan can steer; the others are on
    columns that a model writes, where only finished rows can be counted.
    """

    def __init__(
        self, plan: Plan, names: tuple[str, ...], wanted: dict[tuple[JSON, ...], int], n: int
    ) -> None:
        total = sum(wanted.values())
        if total > n:
            raise RecipeError(
                f"the quotas on {' & '.join(names)} ask for {total} rows, the target is {n}"
            )
        self.names, self.wanted = names, wanted
        self.planned = all(plan.conditions(name) for name in names)
        self.room = {**wanted, REST: n - total}
        self._plan = plan
        self._keys = {tuple(map(label, cell)): cell for cell in wanted}
        if self.planned:
            self._check()

    def _check(self) -> None:
        """Every cell with room can be drawn; said now, not after the money is spent."""
        for cell, room in self.room.items():
            if room > 0:
                self._plan.row(0, self.condition(cell, 0))

    def cell_of(self, values: Row) -> tuple[JSON, ...]:
        """The cell that a row's values fall into."""
        key = tuple(label(values.get(name)) for name in self.names)
        return self._keys.get(key, REST)

    def emptiest(self) -> tuple[JSON, ...]:
        """The cell with the most room left."""
        return max(self.room, key=lambda cell: self.room[cell])

    def named(self, cell: tuple[JSON, ...]) -> Row:
        """The cell as column values; empty for the rest."""
        return dict(zip(self.names, cell, strict=False))

    def shown(self, cell: tuple[JSON, ...]) -> str:
        """The cell for people."""
        if cell == REST:
            return f"any other {' & '.join(self.names)}"
        pairs = self.named(cell).items()
        return " & ".join(f"{name} = {label(value)}" for name, value in pairs)

    def condition(self, cell: tuple[JSON, ...], index: int) -> Row:
        """What ``Plan.row`` must fix for a row of this cell."""
        if cell != REST:
            return self.named(cell)
        if len(self.names) == 1:
            return {self.names[0]: self._other(self.names[0], index)}
        # A combination without a quota: look at what the plan would draw further on.
        for step in range(200):
            try:
                row = self._plan.row(1_000_000_000 + 200 * index + step)
            except IndexError:
                row = self._plan.row((index + step) % (self._plan.limit or 1))
            values = {**(row.source or {}), **row.values}
            if self.cell_of(values) == REST:
                return {name: values[name] for name in self.names}
        raise RecipeError(f"every {' & '.join(self.names)} has a quota, and they do not add up")

    def _other(self, name: str, index: int) -> JSON:
        """A value without a quota, drawn by its weight."""
        column = self._plan.recipe.columns.get(name)
        taken = {label(cell[0]) for cell in self.wanted}
        if isinstance(column, Category):
            pairs = list(zip(column.values, column.weights, strict=True))
        elif isinstance(column, Integer):
            return self._whole(column, index)
        elif isinstance(column, Subcategory):
            seen = {label(v): v for key in column.of for v in options(column, key)}
            pairs = [(value, 1.0) for value in seen.values()]
        else:
            source = self._plan.source
            real = column.column if isinstance(column, Like) else name
            values = source.values(real) if source is not None else []
            pairs = [(value, 1.0) for value in {label(v): v for v in values}.values()]
        free = [(value, weight) for value, weight in pairs if label(value) not in taken]
        total = sum(weight for _, weight in free)
        if total <= 0:
            raise self._no_other(name)
        mark = uniform(self._plan.recipe.seed, "quota", name, index) * total
        for value, weight in free:
            mark -= weight
            if mark < 0:
                return value
        return free[-1][0]

    def _whole(self, column: Integer, index: int) -> int:
        """A whole number without a quota."""
        name = self.names[0]
        taken = sorted({int(cell[0]) for cell in self.wanted})
        taken = [value for value in taken if column.low <= value <= column.high]
        count = column.high - column.low + 1 - len(taken)
        if count <= 0:
            raise self._no_other(name)
        drawn = uniform(self._plan.recipe.seed, "quota", name, index)
        value = column.low + min(int(drawn * count), count - 1)
        for number in taken:
            value += number <= value
        return value

    def _no_other(self, name: str) -> RecipeError:
        return RecipeError(
            f"the quotas on {name} name every value, but not every row: add "
            f"{self.room[REST]} to one of them, or lower target.rows"
        )


def families(plan: Plan, n: int) -> list[Family]:
    """The quotas of the plan's recipe, by the columns that they are on."""
    groups: dict[tuple[str, ...], dict[tuple[JSON, ...], int]] = {}
    for values, wanted in quota_cells(plan.recipe):
        groups.setdefault(tuple(values), {})[tuple(values.values())] = wanted
    return [Family(plan, names, wanted, n) for names, wanted in groups.items()]
