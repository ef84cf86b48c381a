"""Did it change? Paired bootstrap intervals and one plain word each."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthnb.diff.measures import OUTCOMES, Measure

__all__ = ["LEVEL", "RESAMPLES", "Result", "Verdict", "distinct", "interval", "judge"]

LEVEL = 0.95
RESAMPLES = 10_000
LEAST = 6
"""Fewer pairs cannot show a change at this level, whatever they say (2 / 2**5 > 0.05)."""
_CHUNK = 2_000_000

Verdict: TypeAlias = Literal["better", "worse", "changed", "no evidence", "too few pairs"]


@dataclass(frozen=True, slots=True)
class Result:
    """One metric in both versions, its mean change and what can be said of it."""

    measure: Measure
    n: int
    """Pairs in which both answers could be measured."""
    old: float
    new: float
    change: float
    low: float | None
    """Ends of the interval of the change; ``None`` where nothing can be said."""
    high: float | None
    spread: float
    """Standard deviation of the old version, to draw all metrics on one scale."""
    verdict: Verdict | None
    """``None`` where rows are not paired."""

    @property
    def clear(self) -> bool:
        """Whether something changed: the interval leaves 0 out."""
        return self.verdict in ("better", "worse", "changed")

    @property
    def word(self) -> str:
        """The verdict as people read it: ``too few pairs (4)``."""
        few = f"{self.verdict} ({self.n:,})"
        return few if self.verdict == "too few pairs" else self.verdict or "–"


def judge(measure: Measure, *, paired: bool = True) -> Result | None:
    """The change of one metric; ``None`` where nothing was measured or nothing ever moves."""
    old = [v for v in measure.old if v is not None]
    new = [v for v in measure.new if v is not None]
    if paired:
        both = [
            (a, b)
            for a, b in zip(measure.old, measure.new, strict=True)
            if a is not None and b is not None
        ]
        old, new = [a for a, _ in both], [b for _, b in both]
    if not old or not new or len({*old, *new}) == 1:
        return None
    spread = statistics.pstdev(old) or statistics.pstdev(new)
    means = statistics.fmean(old), statistics.fmean(new)
    change = means[1] - means[0]
    if not paired:
        return Result(
            measure, min(len(old), len(new)), *means, change, None, None, spread, None
        )
    apart = np.asarray(new, float) - np.asarray(old, float)
    ends = interval(apart, yes_no=measure.yes_no)
    if ends is not None and measure.links:
        wide = _dependence(measure, change)
        ends = change + (ends[0] - change) * wide, change + (ends[1] - change) * wide
    low, high = ends if ends is not None else (None, None)
    return Result(measure, len(old), *means, change, low, high, spread, _verdict(measure, ends))


def distinct(results: Sequence[Result]) -> list[Result]:
    """Results without those that say again, the other way round, what ``accepted`` says:
    where all that was not accepted was cut off, fewer such answers are no second fact."""
    accepted = next((r for r in results if r.measure.id == "accepted"), None)
    return [r for r in results if accepted is None or not _again(r, accepted)]


def _again(result: Result, accepted: Result) -> bool:
    if result.measure.id not in OUTCOMES or result.verdict != accepted.verdict:
        return False
    lost, kept = (
        [b - a for a, b in zip(m.old, m.new, strict=False) if a is not None and b is not None]
        for m in (result.measure, accepted.measure)
    )
    return result.verdict is not None and lost == [-change for change in kept]


def _verdict(measure: Measure, ends: tuple[float, float] | None) -> Verdict:
    if ends is None:
        return "too few pairs"
    shown = [round(end, measure.digits) for end in ends]  # as people read it
    if shown[0] <= 0 <= shown[1]:
        return "no evidence"
    if measure.better == 0:
        return "changed"
    return "better" if (ends[0] > 0) == (measure.better > 0) else "worse"


def interval(
    differences: Sequence[float] | NDArray[np.float64],
    *,
    yes_no: bool = False,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Bootstrap interval of the mean of paired differences; ``None`` below six pairs.

    Percentiles are widened as the t distribution asks for at this size (Hesterberg 2015).
    Differences of yes and no are drawn with one more pair each way at half weight and one
    without a difference, so that a few pairs that all went one way are no proof (Agresti
    and Min 2005). The same differences always give the same interval.

    >>> low, high = interval([0.1, 0.4, -0.2, 0.3, 0.2, 0.5, 0.1, 0.3])
    >>> 0 < low < 0.2 < 0.3 < high
    True
    """
    values = np.asarray(differences, float)
    n = len(values)
    if n < LEAST:
        return None
    rng = np.random.default_rng(seed)
    means = _smoothed(values, resamples, rng) if yes_no else _resampled(values, resamples, rng)
    tail = _widened(n, level)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _resampled(
    values: NDArray[np.float64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Means of rows drawn again, some at a time so that memory stays small."""
    rows = max(_CHUNK // len(values), 1)
    found = [
        values[rng.integers(0, len(values), (min(rows, resamples - start), len(values)))].mean(
            axis=1
        )
        for start in range(0, resamples, rows)
    ]
    return np.concatenate(found)


def _smoothed(
    values: NDArray[np.float64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    up, down = float((values > 0).sum()), float((values < 0).sum())
    size = len(values) + 2
    shares = np.array([up + 0.5, down + 0.5, size - up - down - 1]) / size
    drawn = rng.multinomial(size, shares, resamples)
    means: NDArray[np.float64] = (drawn[:, 0] - drawn[:, 1]) / size
    return means


def _dependence(measure: Measure, change: float) -> float:
    """How much wider the interval is because linked rows are no two witnesses."""
    off = [
        b - a - change if a is not None and b is not None else 0.0
        for a, b in zip(measure.old, measure.new, strict=True)
    ]
    alone = sum(value * value for value in off)
    together = sum(off[i] * off[j] for i, j in measure.links)
    return math.sqrt(max(1.0, 1 + 2 * together / alone)) if alone else 1.0


def _widened(n: int, level: float) -> float:
    """Share of resamples beyond each end of the interval."""
    from scipy.special import stdtrit

    t = float(stdtrit(n - 1, (1 - level) / 2)) * math.sqrt(n / (n - 1))
    return statistics.NormalDist().cdf(t)
