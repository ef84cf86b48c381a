"""Bars: one a label, or one a bin of a round width."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from synthnb.visible import number, one_line

__all__ = [
    "FAR",
    "MAX_LABELS",
    "OPEN",
    "Bar",
    "bar_name",
    "beyond",
    "bins_of",
    "by_bar",
    "histogram",
]

Floats = NDArray[np.float64]
Number = TypeVar("Number", int, float)

MAX_LABELS = 12
"""Bars of one chart; labels beyond share the last one."""
FAR = 4
"""Rejected values that many times the largest accepted one do not stretch an open axis."""
OPEN = " or more"
"""How the label of a last bin ends that has no upper end."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One label or one bin: accepted rows, planned rows, rejected rows."""

    label: str
    count: int
    planned: float | None = None
    rejected: int = 0
    lo: float | None = None
    hi: float | None = None


def bar_name(label: str) -> str:
    """A label as the name of its bar: visible, on one line, of at most 60 characters."""
    return one_line(label, 60)


def by_bar(counts: Iterable[tuple[str, Number]]) -> dict[str, Number]:
    """Counts by the name of a bar: labels that look alike there (``no`` and ``no ``, two
    long ones that begin alike) share it, as they share the filter that it sets.

    >>> by_bar([("no", 2), ("yes", 1), ("no ", 3)])
    {'no': 5, 'yes': 1}
    """
    found: dict[str, Number] = {}
    for label, of in counts:
        name = bar_name(label)
        found[name] = found[name] + of if name in found else of
    return found


def histogram(
    kept: Sequence[float] | Floats,
    gone: Sequence[float] | Floats,
    low: float | None = None,
    high: float | None = None,
    *,
    whole: bool = False,
    even: bool = False,
    open_end: bool = False,
) -> tuple[Bar, ...]:
    """At most ``MAX_LABELS`` bins of a round width; the last one includes its upper end.

    ``even`` adds the plan of a uniform draw between ``low`` and ``high``. With ``open_end``
    one rejected value far beyond the accepted ones does not flatten them: the last bin is
    then ``60 or more`` and its ``hi`` only where it ends as drawn.
    """
    inside, outside = np.asarray(kept, np.float64), np.asarray(gone, np.float64)
    top = max(float(inside.max(initial=0.0)), 1.0)
    far = open_end and len(inside) > 0 and float(outside.max(initial=0.0)) > FAR * top
    outside = np.minimum(outside, 2 * top) if far else outside
    values = np.concatenate((inside, outside))
    least, most = float(values.min()), float(values.max())
    start = least if low is None else min(low, least)
    end = most if high is None else max(high, most)
    step = _round_step((end - start) / (MAX_LABELS - 1), whole=whole)
    first = math.floor(start / step + 1e-9) * step
    bins = max(1, math.ceil((end - first) / step - 1e-9))
    if whole and first + bins * step <= end:
        bins += 1
    ends = [round(first + i * step, 10) for i in range(bins + 1)]
    counts = np.bincount(bins_of(inside, ends), minlength=bins)
    lost = np.bincount(bins_of(outside, ends), minlength=bins)
    bars = []
    for i, (lo, hi) in enumerate(pairwise(ends)):
        plan = _even_share(lo, hi, low, high, whole=whole) * len(inside) if even else None
        label = number(lo) if whole and step == 1 else f"{number(lo)}–{number(hi)}"
        planned = plan and round(plan, 2)
        bars.append(Bar(label, int(counts[i]), planned, int(lost[i]), lo, hi))
    if far:
        bars[-1] = replace(bars[-1], label=f"{number(ends[-2])}{OPEN}")
    return tuple(bars)


def beyond(bars: Sequence[Bar], gone: Floats) -> str:
    """What lies beyond the end of an open axis, as a sentence; empty if it is closed."""
    if not bars[-1].label.endswith(OPEN):
        return ""
    return f" Rejected rows reach {number(float(gone.max()))}, beyond the axis."


def bins_of(values: Floats, ends: Sequence[float]) -> NDArray[np.intp]:
    """The bin of each value: from its lower end up to, not including, its upper one.

    The last bin includes its upper end; what lies outside goes to the first or last one.
    """
    found: NDArray[np.intp] = np.searchsorted(ends, values, side="right") - 1
    return np.clip(found, 0, len(ends) - 2)


def _even_share(
    lo: float, hi: float, low: float | None, high: float | None, *, whole: bool
) -> float:
    if low is None or high is None:
        return 0.0
    if whole:  # a bin holds the whole numbers from lo to below hi
        inside = math.ceil(min(hi, high + 1)) - math.ceil(max(lo, low))
        return max(inside, 0) / (high - low + 1)
    if high == low:
        return 1.0 if lo <= low <= hi else 0.0
    return max(min(hi, high) - max(lo, low), 0.0) / (high - low)


def _round_step(raw: float, *, whole: bool) -> float:
    if raw <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f >= raw * 0.999)
    return max(1.0, float(round(step))) if whole else step
