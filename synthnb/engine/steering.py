"""Rows drawn into quota cells: as the plan has them, else with labels fixed.

Quotas on columns that have nothing to do with each other are steered one by one. Linked ones
(a shared column, a column and its parent, columns of the source) are searched together, and
rehearsed before the first request: quotas that cannot all be met are refused, never bent. Large
targets are rehearsed at a smaller scale, where counts are rounded: those that miss by less
than ``ROUNDED`` of the rows are refused only by the row that finds no cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import TypeAlias

from synthnb.engine.quotas import REST, Family
from synthnb.errors import RecipeError
from synthnb.recipe.parts import Like, Subcategory
from synthnb.samplers import Plan
from synthnb.types import JSON, Row

__all__ = ["Cells", "Steering", "Where"]

Where: TypeAlias = Mapping[str, JSON] | None
Cells: TypeAlias = tuple[tuple[JSON, ...], ...]
"""The quota cell of each family."""

TRIES = 400
"""Combinations of cells that are looked at for one row."""
DRAWS = 12
"""Rows that are drawn for one combination with free labels, before an earlier one is used."""
REHEARSED = 10_000
"""Rows up to which linked quotas are tried out one by one beforehand; more are scaled down."""
ORDERS = ((False, False), (True, False), (False, True), (True, True))
"""What is tried in turn: the cells with a quota first, and labels of an earlier row where draws
find none. Large targets always recall: one unlucky row of a million must not end a run."""
ROUNDED = 0.01
"""Share of scaled rows that may find no cell, for rounding alone can do that."""


class Steering:
    """Draws rows into the cells of the quotas that the plan can steer."""

    def __init__(self, plan: Plan, families: Iterable[Family], n: int) -> None:
        self._plan = plan
        self.families = [family for family in families if family.planned]
        self._linked = _linked(plan, self.families)
        self._inside = self._nested() if self._linked else []
        self._seen: dict[Cells, Row] = {}
        """Labels of an earlier row in these cells."""
        self._scarce_first, self._recalls = ORDERS[0]
        if self._linked:
            if n not in plan.steering:
                plan.steering[n] = self._order(n)
            self._scarce_first, self._recalls = plan.steering[n]

    def own(self, index: int, size: int) -> tuple[Where, Cells, int]:
        """What to fix for the plan's row ``index``, its cells, and how many rows they take."""
        if not self.families:
            return None, (), size
        natural = self._natural(index)
        if self._linked:
            where, cells = self._search(index, natural)
            size = min([size, *(self._room(*pair) for pair in self._pairs(cells))])
            while size > 1 and not self._safe(cells, size):
                size -= 1
        else:
            where, cells = self._apart(index, natural)
            size = min([size, *(self._room(*pair) for pair in self._pairs(cells))])
        for family, cell in self._pairs(cells):
            family.room[cell] -= size
        return where or None, cells, size

    def again(self, index: int, cells: Cells, where: Where) -> Where:
        """What to fix at another index, for a row that was lost from these cells."""
        if not self.families or (where is not None and len(self.families) == 1):
            return where
        if self._linked:
            return self._fixed(index, cells, None)
        fixed: dict[str, JSON] = {}
        for family, cell in self._pairs(cells):
            fixed.update(family.condition(cell, index))
        return fixed

    def _pairs(self, cells: Cells) -> Iterable[tuple[Family, tuple[JSON, ...]]]:
        return zip(self.families, cells, strict=True)

    def _room(self, family: Family, cell: tuple[JSON, ...]) -> int:
        return max(1, family.room[cell])

    def _natural(self, index: int) -> Row | None:
        limit = self._plan.limit
        return self._values(index, {}) if limit is None or index < limit else None

    def _values(self, index: int, where: Row) -> Row:
        row = self._plan.row(index, where or None)
        return {**(row.source or {}), **row.values}

    def _apart(self, index: int, natural: Row | None) -> tuple[Row, Cells]:
        """Family by family: the row's own cell if it has room, else the emptiest."""
        where: Row = {}
        cells: list[tuple[JSON, ...]] = []
        for family in self.families:
            cell = family.cell_of(natural) if natural is not None else None
            if cell is None or family.room[cell] <= 0:
                cell = family.emptiest()
                where.update(family.condition(cell, index))
            cells.append(cell)
        if where:
            try:
                self._plan.row(index, where)
            except RecipeError as error:
                raise RecipeError(f"quotas cannot be met: {error.message}") from None
        return where, tuple(cells)

    # linked quotas

    def _search(self, index: int, natural: Row | None) -> tuple[Row, Cells]:
        """The first combination of cells that has room, leaves room, and can be drawn."""
        options = [self._options(family, natural) for family in self.families]
        for cells in islice(product(*options), TRIES):
            if self._safe(cells, 1):
                where = self._fixed(index, cells, natural)
                if where is not None:
                    return where, cells
        raise RecipeError(self._impossible())

    def _options(self, family: Family, natural: Row | None) -> list[tuple[JSON, ...]]:
        """Cells with room: the row's own one first, or those with a quota first."""
        own = family.cell_of(natural) if natural is not None else None
        open_ = [cell for cell, room in family.room.items() if room > 0]
        if self._scarce_first:
            return sorted(open_, key=lambda cell: (cell == REST, -family.room[cell]))
        return sorted(open_, key=lambda cell: (cell != own, -family.room[cell]))

    def _fixed(self, index: int, cells: Cells, natural: Row | None) -> Row | None:
        """What to fix so that the row falls into all of the cells; ``None``: it cannot."""
        if natural is not None and self._fits(natural, cells):
            return {}
        for turn in range(DRAWS + (self._recalls and cells in self._seen)):
            try:
                where = self._guess(index, cells, turn)
                values = self._values(index, where)
            except (RecipeError, IndexError):
                continue
            if self._fits(values, cells):
                names = (name for family in self.families for name in family.names)
                self._seen.setdefault(cells, {name: values[name] for name in names})
                return where
        return None

    def _guess(self, index: int, cells: Cells, turn: int) -> Row:
        """Labels that may fall into all of the cells: the free ones drawn, but in the last turn
        those of an earlier row, so that a combination that can be drawn is drawn."""
        if turn == DRAWS:
            return self._seen[cells]
        where: Row = {}
        for family, cell in self._pairs(cells):
            if cell != REST:
                where.update(family.condition(cell, index))
        for family, cell in self._pairs(cells):
            if cell == REST and (turn or not where):
                where = {**family.condition(REST, index + 1_000_003 * turn), **where}
        return where

    def _fits(self, values: Row, cells: Cells) -> bool:
        return all(family.cell_of(values) == cell for family, cell in self._pairs(cells))

    def _nested(self) -> list[tuple[int, tuple[JSON, ...], int, list[tuple[JSON, ...]]]]:
        """(family, cell, other family, its cells that lie wholly inside): ``happy & fr`` is
        inside ``happy``, a subcategory inside its category."""
        found = []
        for outer, family in enumerate(self.families):
            for inner, other in enumerate(self.families):
                if inner == outer or not set(family.names) <= _fixes(self._plan, other.names):
                    continue
                inside: dict[tuple[JSON, ...], list[tuple[JSON, ...]]] = {}
                for cell in other.wanted:
                    seen = {
                        family.cell_of(self._values(k, dict(other.condition(cell, k))))
                        for k in range(8)
                    }
                    if len(seen) == 1:
                        inside.setdefault(seen.pop(), []).append(cell)
                found += [(outer, cell, inner, cells) for cell, cells in inside.items()]
        return found

    def _safe(self, cells: Cells, size: int) -> bool:
        """Whether the cells inside others still find the room that they need there."""
        for outer, cell, inner, inside in self._inside:
            room = self.families[outer].room[cell] - (size if cells[outer] == cell else 0)
            need = sum(self.families[inner].room[one] for one in inside)
            need -= size if cells[inner] in inside else 0
            if room < need:
                return False
        return True

    def _order(self, n: int) -> tuple[bool, bool]:
        """The first of ``ORDERS`` that meets all quotas; ``RecipeError`` if none does."""
        orders, may = (ORDERS, 0) if n <= REHEARSED else (ORDERS[2:], int(ROUNDED * REHEARSED))
        left: dict[tuple[bool, bool], int] = {}
        for order in orders:
            self._scarce_first, self._recalls = order
            left[order] = self._rehearse(n)
            if not left[order]:
                return order
        best = min(orders, key=left.__getitem__)
        if left[best] > may:
            raise RecipeError(self._impossible())
        return best

    def _rehearse(self, n: int) -> int:
        """Rows of ``n`` (of ``REHEARSED``, if that is less) that are left when one finds no
        cell; rooms are as before afterwards."""
        before = [family.room for family in self.families]
        for family in self.families:
            family.room = _scaled(family.room, n)
        rows = min(sum(family.room.values()) for family in self.families)
        try:
            for index in range(rows):
                self.own(index, 1)
        except RecipeError:
            return rows - index
        finally:
            for family, room in zip(self.families, before, strict=True):
                family.room = room
            self._seen = {}
        return 0

    def _impossible(self) -> str:
        names = " and on ".join(" & ".join(family.names) for family in self.families)
        return (
            f"the quotas on {names} cannot all be met: give one quota on the combination, or "
            "change the counts"
        )


def _scaled(room: Mapping[tuple[JSON, ...], int], n: int) -> dict[tuple[JSON, ...], int]:
    """The room of ``n`` rows at the scale of ``REHEARSED``. Quotas are rounded down, the rest
    takes what that leaves: so parts never need more than the whole that they lie in."""
    if n <= REHEARSED:
        return dict(room)
    scaled = {cell: rows * REHEARSED // n for cell, rows in room.items()}
    if room[REST]:
        scaled[REST] += REHEARSED - sum(scaled.values())
    return scaled


def _linked(plan: Plan, families: Sequence[Family]) -> bool:
    """Whether one family's labels can say anything about another's."""
    known: set[str] = set()
    for family in families:
        names = _fixes(plan, family.names)
        for name in family.names:
            column = plan.recipe.columns.get(name)
            names |= {"\0source"} if column is None or isinstance(column, Like) else set()
        if known & names:
            return True
        known |= names
    return False


def _fixes(plan: Plan, names: Iterable[str]) -> set[str]:
    """The columns, and those that hang together with them: parents of subcategories."""
    found, todo = set[str](), list(names)
    while todo:
        name = todo.pop()
        found.add(name)
        column = plan.recipe.columns.get(name)
        if isinstance(column, Subcategory) and column.parent not in found:
            todo.append(column.parent)
    return found
