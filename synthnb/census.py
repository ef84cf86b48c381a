"""Who stands behind the rows of a batch, counted in one pass: a long one is read from disk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["Census", "census_of"]


@dataclass(slots=True)
class Census:
    """Counts of the accepted rows, and the models behind them."""

    origins: Counter[str] = field(default_factory=Counter)
    """``real``, ``synthetic``, ``edited``, ``unknown``."""
    generations: Counter[int] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    """Origins of the rows held out to test on, which no share counts."""
    made: int = 0
    """Accepted rows that are neither real nor of unknown origin."""
    models: set[str] = field(default_factory=set)
    """Models asked for accepted rows."""
    not_run: Counter[str] = field(default_factory=Counter)
    """Accepted rows by the check that let them pass without running their tests."""
    asked: set[str] = field(default_factory=set)
    """Models asked for any row."""


def census_of(batch: Batch) -> Census:
    """The census of a batch as people decided by now; made once for each decision."""
    changes = batch.decisions.changes
    known: tuple[int, Census] | None = batch.__dict__.get("_census")
    if known is not None and known[0] == changes:
        return known[1]
    census = Census()
    for record in batch.records:
        names = {call.model for call in record.calls}
        census.asked |= names
        if record.accepted:
            census.origins[record.origin] += 1
            census.held[record.origin] += record.held_out
            if record.origin != "unknown":
                census.generations[record.generation] += 1
            census.models |= names
            census.not_run.update({c.rule for c in record.checks if c.value == "not run"})
    others = census.origins["real"] + census.origins["unknown"]
    census.made = census.origins.total() - others
    batch.__dict__["_census"] = changes, census
    return census
