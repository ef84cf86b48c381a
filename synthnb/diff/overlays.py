"""The charts of both versions on the same bins: what is new as bars, what was as a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthnb.charts.bins import MAX_LABELS, histogram
from synthnb.diff.measures import Measure
from synthnb.diff.pairing import outcome
from synthnb.recipe.parts import label
from synthnb.types import Record
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.recipe import Recipe

__all__ = ["Overlay", "OverlayBar", "overlays"]

_DRAWN = ("length", "nearest", "repetition")
_TITLES = {"nearest": "Nearest other row", "repetition": "Repeated 3-grams"}
_UNITS = {
    "length": "characters",
    "nearest": "similarity",
    "repetition": "share of the row",
    "tokens": "per row",
}
MOST = 8
"""Charts, and labels of one chart."""


@dataclass(frozen=True, slots=True)
class OverlayBar:
    """One label or bin with its rows in both versions."""

    label: str
    old: int
    new: int
    lo: float | None = None
    hi: float | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """One chart: ``histogram`` bins, or ``category`` labels."""

    id: str
    title: str
    unit: str
    kind: str
    bars: tuple[OverlayBar, ...]
    old_total: int
    new_total: int


def overlays(
    recipe: Recipe, measures: Sequence[Measure], records: tuple[Sequence[Record], ...]
) -> list[Overlay]:
    """Length, nearest row, repetition, scores, labels that a model chose, outcomes."""
    known = {measure.id: measure for measure in measures}
    wanted = [known[name] for name in _DRAWN if name in known]
    wanted += [m for m in measures if m.id.startswith(("check:", "own:")) and not m.yes_no]
    charts = [chart for measure in wanted[: MOST - 2] if (chart := _numbers(measure))]
    for name, column in recipe.prompts.items():
        if getattr(column, "choices", None):
            charts.append(_labels(name, records, _value(name)))
    charts = charts[: MOST - 1]
    return [*charts, _labels("outcome", records, outcome, first="accepted")]


def _value(column: str) -> Callable[[Record], str]:
    return lambda record: label(record.values.get(column))


def _numbers(measure: Measure) -> Overlay | None:
    old = [v for v in measure.old if v is not None]
    new = [v for v in measure.new if v is not None]
    if not old or not new or len({*old, *new}) == 1:
        return None
    whole = all(v.is_integer() for v in (*old, *new))
    least, most = min(*old, *new), max(*old, *new)
    one_each = whole and most - least < MAX_LABELS
    low = 0.0 if least >= 0 and not one_each else None
    bins = histogram(new, old, low, None, whole=whole)
    bars = tuple(OverlayBar(b.label, b.rejected, b.count, b.lo, b.hi) for b in bins)
    title = _TITLES.get(measure.id, measure.label)
    title = title[:1].upper() + title[1:]
    unit = _UNITS.get(measure.id, measure.unit.split(",")[0])
    return Overlay(measure.id, title, unit, "histogram", bars, len(old), len(new))


def _labels(
    name: str,
    records: tuple[Sequence[Record], ...],
    of: Callable[[Record], str],
    first: str | None = None,
) -> Overlay:
    old, new = (Counter(map(of, side)) for side in records)
    both = old + new
    order = [first] if first is not None else []
    order += [key for key, _ in sorted(both.items(), key=lambda i: (-i[1], i[0]))]
    names = list(dict.fromkeys(order))
    bars = [OverlayBar(one_line(key, 40), old[key], new[key]) for key in names[:MOST]]
    if len(names) > MOST:
        rest = names[MOST - 1 :]
        before, after = (sum(side[key] for key in rest) for side in (old, new))
        bars[MOST - 1 :] = [OverlayBar(f"{len(rest)} others", before, after)]
    title = "Outcome" if name == "outcome" else name
    before, after = (len(side) for side in records)
    return Overlay(name, title, "first answers", "category", tuple(bars), before, after)
