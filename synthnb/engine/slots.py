"""Which candidate is next: the plan's own rows, then targeted ones for those that were lost.

A slot is a place among the rows wanted. A lost slot comes back and is filled again, in the
order in which slots were lost, so the choice depends on the plan and on what was decided,
never on timing.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from synthnb.engine.quotas import families
from synthnb.engine.steering import Cells, Steering, Where
from synthnb.recipe.parts import label
from synthnb.samplers import Plan
from synthnb.types import JSON, Reason, Row

__all__ = ["Slot", "Slots"]

CELLS = 3
"""Cells that could not be filled which the reason names; the batch has them all."""
RETRIES = 4
"""Further attempts at one source row that cannot be replaced by another."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One request for candidates: ``size`` of them, from ``index`` on."""

    seq: int
    """Place in the order of decisions."""
    index: int
    """Row of the plan."""
    attempt: int = 0
    size: int = 1
    where: Where = None
    cell: Cells = ()
    """The quota cell of each family."""
    pool: int = 0
    """Rows that had been accepted when its round began."""


@dataclass(slots=True)
class Tally:
    """What became of the candidates of one quota cell."""

    wanted: int = 0
    accepted: int = 0
    why: Counter[str] = field(default_factory=Counter)


class Slots:
    """Hands out slots until ``n`` rows are accepted or nothing more can be tried."""

    def __init__(
        self, plan: Plan, n: int, *, per_call: int, cap: int | None, round_: int = 0
    ) -> None:
        self.plan, self.n, self.per_call = plan, n, per_call
        self.round = round_
        """Candidates that start without seeing each other; 0: rows are never seen."""
        self._round_ends = 0
        self._pool = 0
        self.cap = cap if cap is not None else max(3 * n, n + 20)
        self.launched = 0
        """Candidates handed out."""
        self.undecided = 0
        self.accepted = 0
        self._families = families(plan, n)
        self._steering = Steering(plan, self._families, n)
        self._seq = 0
        self._group = 0
        self._planned = 0
        self._lost: deque[Slot] = deque()
        self._tallies: dict[Cells, Tally] = {}
        self._ended = False

    @property
    def in_order(self) -> bool:
        """Whether decisions must follow the order of the plan: what is handed out next hangs
        on them where there are quotas, rounds, or no more source rows than wanted."""
        return bool(self._families or self.round or self.plan.limit is not None)

    @property
    def handed(self) -> int:
        """Sequence number of the next candidate."""
        return self._seq

    @property
    def done(self) -> bool:
        """Nothing is left to hand out, and nothing is undecided."""
        return self._ended and self.undecided == 0

    def next(self) -> Slot | None:
        """The next slot; ``None`` while it depends on what is still undecided."""
        if self._ended:
            return None
        size = min(self.per_call, self.cap - self.launched)
        if size <= 0:
            self._ended = True
            return None
        if self.round and self._seq >= self._round_ends:
            if self.undecided:
                return None
            self._round_ends, self._pool = self._seq + self.round, self.accepted
        try:
            slot = self._own(size) if self._planned < self.n else self._again(size)
        except IndexError:  # the source is used up
            self._planned = self.n
            return self.next()
        if slot is None:
            self._ended = not self.undecided
            return None
        self.launched += slot.size
        self.undecided += slot.size
        self._seq += slot.size
        return replace(slot, pool=self._pool) if self._pool else slot

    def accept(self, slot: Slot) -> None:
        """A candidate of the slot was accepted."""
        self.undecided -= 1
        self.accepted += 1
        self._tally(slot).accepted += 1

    def lose(self, slot: Slot, reason: Reason) -> None:
        """A candidate of the slot was rejected: its place is free again."""
        self.undecided -= 1
        self._tally(slot).why[reason.rule] += 1
        self._lost.append(slot)

    def abandon(self) -> None:
        """Hand out nothing more."""
        self._ended = True

    def full(self, values: Row) -> str | None:
        """Why a row that has all its columns has no place, by quotas on written columns."""
        for family in self._families:
            if not family.planned:
                cell = family.cell_of(values)
                if family.room[cell] <= 0:
                    return f"{family.shown(cell)} has all its rows"
        return None

    def admit(self, values: Row) -> None:
        """Count an accepted row against the quotas on written columns."""
        for family in self._families:
            if not family.planned:
                family.room[family.cell_of(values)] -= 1

    def shortfall(self) -> tuple[Mapping[str, object], ...]:
        """Cells that could not be filled: cell, wanted, accepted, why."""
        found: list[Mapping[str, object]] = []
        every = sum((tally.why for tally in self._tallies.values()), Counter[str]())
        for family in self._families:
            for cell, wanted in family.wanted.items():
                if family.planned:
                    place = self._steering.families.index(family)
                    tallies = [t for key, t in self._tallies.items() if key[place] == cell]
                    accepted = sum(tally.accepted for tally in tallies)
                    why = sum((tally.why for tally in tallies), Counter[str]())
                else:
                    accepted, why = wanted - family.room[cell], every
                if accepted < wanted:
                    found.append(_short(family.named(cell), wanted, accepted, why))
        if not found and self.accepted < self.n:
            found.append(_short({}, self.n, self.accepted, every))
        return tuple(found)

    def why_short(self) -> str:
        """One line on why fewer than ``n`` rows were accepted, and of which cells."""
        return "; ".join([self._what_ended(), *self.short_cells()])

    def short_cells(self) -> list[str]:
        """The first few cells that are short, one line each."""
        short = self.shortfall()
        told = [_told(cell) for cell in short[:CELLS]]
        return [*told, f"{len(short) - CELLS} more"] if len(short) > CELLS else told

    def _what_ended(self) -> str:
        if self.launched >= self.cap:
            return f"all {self.cap} candidates are used up (max_candidates)"
        limit = self.plan.limit
        if limit is not None and limit < self.n:
            return f"the source has rows for {limit} only: raise per_row, or set repeat: true"
        return "no further candidate could be tried"

    def _tally(self, slot: Slot) -> Tally:
        found = self._tallies.get(slot.cell)
        if found is None:
            found = self._tallies[slot.cell] = Tally()
        return found

    def _own(self, size: int) -> Slot:
        """The next of the plan's own rows, steered into a quota cell that has room."""
        size = min(size, self.n - self._planned)
        index = self._group * self.per_call
        limit = self.plan.limit
        if limit is not None and index >= limit and not self._steering.families:
            raise IndexError(index)
        where, cell, size = self._steering.own(index, size)
        self._group += 1
        self._planned += size
        return Slot(self._seq, index, 0, size, where, cell)

    def _again(self, size: int) -> Slot | None:
        """A candidate for the slot that was lost first."""
        if not self._lost or (self.per_call > 1 and self.undecided):
            # Lists are topped up in rounds: the size of one must not depend on timing.
            return None
        slot = self._lost.popleft()
        if self.per_call > 1:
            alike = 1
            while alike < size and self._lost and self._lost[0].cell == slot.cell:
                self._lost.popleft()
                alike += 1
            size = alike
        else:
            size = 1
        index = self._group * self.per_call
        limit = self.plan.limit
        if limit is not None and index >= limit and not slot.where:
            # No other source row is left: the same one is asked again, with other seeds.
            if slot.attempt >= RETRIES:
                return self._again(size)
            return Slot(self._seq, slot.index, slot.attempt + 1, size, None, slot.cell)
        self._group += 1
        where = self._steering.again(index, slot.cell, slot.where)
        return Slot(self._seq, index, 1, size, where or None, slot.cell)


def _told(short: Mapping[str, Any]) -> str:
    """``difficulty = hard: 3 of 60, lost to length (20)``."""
    cell = " & ".join(f"{name} = {label(value)}" for name, value in short["cell"].items())
    lost = f", lost to {short['why']}" if short["why"] else ""
    return f"{cell or 'rows'}: {short['accepted']} of {short['wanted']}{lost}"


def _short(
    cell: Mapping[str, JSON], wanted: int, accepted: int, why: Counter[str]
) -> dict[str, Any]:
    reasons = ", ".join(f"{rule} ({count})" for rule, count in why.most_common(3))
    return {"cell": dict(cell), "wanted": wanted, "accepted": accepted, "why": reasons}
