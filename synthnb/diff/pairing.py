"""Which rows of two batches share everything but the prompt, and whether any do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from synthnb.types import Record
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["MOST", "Pair", "Pairing", "attributes_of", "first_answers", "outcome", "pair"]

MOST = 1000
"""Pairs that are compared; the first in plan order."""
_MADE = ("prompt", "expression")


@dataclass(frozen=True, slots=True)
class Pair:
    """The first answers of two versions to the same planned row."""

    index: int
    old: Record
    new: Record

    @property
    def outcomes(self) -> tuple[str, str]:
        """What became of each: ``accepted``, or the rule that rejected it."""
        return outcome(self.old), outcome(self.new)


@dataclass(frozen=True, slots=True)
class Pairing:
    """The pairs, or why there are none."""

    pairs: tuple[Pair, ...]
    planned: int
    """Planned rows that the smaller batch has answers to."""
    shared: tuple[str, ...]
    """Attributes that both rows of each pair have in common."""
    extra: tuple[str, ...]
    """Attributes that only one of the batches has."""
    broken: str | None = None
    """Why rows cannot be compared in pairs, a part of a sentence."""


def outcome(record: Record) -> str:
    """``accepted``, or the rule that rejected it."""
    if record.accepted:
        return "accepted"
    return one_line(record.reasons[0].rule, 40) if record.reasons else "rejected"


def attributes_of(batch: Batch) -> list[str]:
    """Columns that no model wrote: sampled ones, and those that came with the source."""
    columns = batch.recipe.columns
    return [n for n in batch.columns if getattr(columns.get(n), "kind", "") not in _MADE]


def first_answers(batch: Batch) -> dict[int, Record]:
    """What each planned row got at the first attempt, by its place in the plan.

    Later attempts and top-up rows are left out: a stricter check would have more of them.
    Rows are as the run made them, whatever people decided about them since.
    """
    found: dict[int, Record] = {}
    for record in islice(batch.made, 20 * MOST):
        planned = batch.wanted is None or record.index < batch.wanted
        if record.attempt == 0 and record.origin != "real" and planned:
            found.setdefault(record.index, record)
            if len(found) == MOST:
                break
    return dict(sorted(found.items()))


def pair(old: Batch, new: Batch) -> Pairing:
    """Pair the first answers of two batches by planned row."""
    before, after = first_answers(old), first_answers(new)
    mine, theirs = attributes_of(old), attributes_of(new)
    shared = tuple(name for name in theirs if name in mine)
    extra = tuple(name for name in dict.fromkeys([*mine, *theirs]) if name not in shared)
    planned = min(len(before), len(after))
    pairs = tuple(Pair(i, before[i], after[i]) for i in before if i in after)
    broken = _broken(old, new, pairs, shared)
    return Pairing(() if broken else pairs, planned, shared, extra, broken)


def _broken(
    old: Batch, new: Batch, pairs: tuple[Pair, ...], shared: tuple[str, ...]
) -> str | None:
    seeds = (old.recipe.seed, new.recipe.seed)
    if seeds[0] != seeds[1]:
        return f"seeds differ ({seeds[0]}, {seeds[1]})"
    if not pairs:
        return "no planned row has an answer in both"
    others = sum(_source(p.old) != _source(p.new) for p in pairs)
    if others:
        return f"source rows differ in {others} of {len(pairs)} planned rows"
    for name in shared:
        apart = sum(p.old.values.get(name) != p.new.values.get(name) for p in pairs)
        if apart:
            shown = one_line(name, 40)
            return f"{shown} differs in {apart} of {len(pairs)} planned rows"
    return None


def _source(record: Record) -> object:
    return record.parents or record.source
