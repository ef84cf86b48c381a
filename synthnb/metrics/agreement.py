"""Do raters agree, which side do they favour, and which item is strongest?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from synthnb.metrics.arrays import FloatArray, Matrix, floats, matrix, table
from synthnb.metrics.figure import Figure
from synthnb.metrics.tokens import IntArray

__all__ = [
    "bradley_terry",
    "cohen_kappa",
    "fleiss_kappa",
    "krippendorff_alpha",
    "position_bias",
]

Level: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]

_MOST_PAIRS = 400_000_000
"""Pairs that the ratio level, which has no shorter way, compares in some seconds."""
_FARTHEST = 700.0
"""exp() of more is no number."""


def cohen_kappa(table_: ArrayLike) -> Figure:
    """Return Cohen's kappa of two raters from their table of counts.

    ``table_[i][j]`` counts the units that the first rater put in class i and the second in
    class j; shape (classes, classes). From below 0 (worse than chance) to 1; 0 is chance. Under
    skew kappa is low in spite of agreement, so the number carries ``.agreement`` (raw share),
    ``.chance``, ``.pabak`` (2 agreement - 1, meant for two classes) and ``.ac1`` (Gwet).
    Refused where both raters use one and the same class: chance alone explains it. Cohen 1960.

    >>> kappa = cohen_kappa([[20, 5], [10, 15]])
    >>> round(kappa, 4), kappa.agreement, kappa.chance
    (0.4, 0.7, 0.5)
    """
    counts = table(table_, "the table")
    if counts.shape[0] != counts.shape[1]:
        raise ValueError(f"the table must be square, got {counts.shape[0]} x {counts.shape[1]}")
    shares = counts / counts.sum()
    first, second = shares.sum(axis=1), shares.sum(axis=0)
    agreement, chance = float(np.trace(shares)), float(first @ second)
    if math.isclose(chance, 1.0):
        raise ValueError("both raters always use the same one class: kappa is undefined")
    mean = (first + second) / 2
    gwet = float((mean * (1 - mean)).sum()) / (len(shares) - 1)
    return Figure(
        (agreement - chance) / (1 - chance),
        agreement=agreement,
        chance=chance,
        pabak=2 * agreement - 1,
        ac1=(agreement - gwet) / (1 - gwet),
    )


def fleiss_kappa(counts: ArrayLike) -> float:
    """Return Fleiss' kappa of many raters from counts per unit and class.

    ``counts[i][j]`` is how many raters put unit i in class j; shape (units, classes), the same
    number of raters (at least two) for every unit. From below 0 to 1; 0 is chance. Refused
    where only one class is ever used. Fleiss 1971.

    >>> round(fleiss_kappa([[3, 0], [2, 1], [0, 3]]), 4)
    0.55
    """
    votes = table(counts, "counts")
    raters = votes.sum(axis=1)
    if not np.allclose(raters, raters[0]):
        raise ValueError("every unit needs the same number of raters; else krippendorff_alpha")
    n = float(raters[0])
    if n < 2:
        raise ValueError("at least two raters are needed")
    observed = float(((votes**2).sum(axis=1) - n).mean()) / (n * (n - 1))
    shares = votes.sum(axis=0) / votes.sum()
    chance = float((shares**2).sum())
    if math.isclose(chance, 1.0):
        raise ValueError("only one class is ever used: kappa is undefined")
    return (observed - chance) / (1 - chance)


def krippendorff_alpha(
    ratings: Sequence[Sequence[Any]] | ArrayLike, level: Level = "nominal"
) -> float:
    """Return Krippendorff's alpha: agreement beyond chance, any raters, gaps allowed.

    ``ratings`` has shape (raters, units), with ``None`` or NaN where a rater left a unit out.
    ``level`` says what a difference means: ``nominal`` any values, ``ordinal`` ranks,
    ``interval`` and ``ratio`` numbers. From below 0 to 1; 0 is chance, 0.8 is the usual bar.
    Refused without a unit rated twice and where only one value is ever used. Krippendorff 2011.

    >>> a = [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None]
    >>> b = [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3]
    >>> c = [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None]
    >>> d = [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None]
    >>> round(krippendorff_alpha([a, b, c, d]), 3)
    0.743
    >>> round(krippendorff_alpha([a, b, c, d], level="ordinal"), 3)
    0.815
    """
    if level not in ("nominal", "ordinal", "interval", "ratio"):
        raise ValueError(f"level must be nominal, ordinal, interval or ratio, got {level!r}")
    unit, value, numbers = _rated(ratings, level)
    size = np.bincount(unit)
    compared = size[unit] > 1
    unit, value = unit[compared], value[compared]
    if not len(unit):
        raise ValueError("no unit was rated twice: there is nothing to compare")
    totals = np.bincount(value, minlength=len(numbers)).astype(np.float64)
    if np.count_nonzero(totals) < 2:
        raise ValueError("only one value is ever used: alpha is undefined")
    if level == "ratio":
        observed, expected = _apart_by_ratio(unit, value, numbers, size, totals)
    elif level == "nominal":
        observed, expected = _apart_by_name(unit, value, size, totals)
    else:
        # Ordinal: all ratings from one value to the other, each end counted half.
        at = numbers if level == "interval" else np.cumsum(totals) - totals / 2
        observed, expected = _apart_by_square(unit, at[value], size)
    return 1.0 - observed / (expected / (len(unit) - 1))


def _rated(
    ratings: Sequence[Sequence[Any]] | ArrayLike, level: Level
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return unit and value of every rating, by number and sorted by unit; the values' size."""
    try:
        rows = [_units(row) for row in _iterable(ratings)]
    except TypeError as error:
        raise ValueError("ratings must be one list of units per rater") from error
    if not rows or not rows[0]:
        raise ValueError("no ratings")
    if len({len(row) for row in rows}) > 1:
        raise ValueError("every rater needs one entry per unit (None where there is no rating)")
    columns = enumerate(zip(*rows, strict=True))
    given = [(unit, value) for unit, found in columns for value in found if not _absent(value)]
    try:
        seen = {value for _, value in given}
    except TypeError as error:
        raise ValueError("a rating must be one value, not a list") from error
    if level == "nominal":
        ordered = sorted(seen, key=lambda value: (type(value).__name__, str(value)))
        numbers = np.arange(len(ordered), dtype=np.float64)
    else:
        try:
            ordered = sorted(seen)
        except TypeError as error:
            raise ValueError(f"{level} ratings must be numbers") from error
        numbers = floats(ordered, f"{level} ratings")
        if level == "ratio" and len(numbers) and numbers.min() < 0:
            raise ValueError("ratio ratings must not be negative")
    place = {value: column for column, value in enumerate(ordered)}
    units = np.array([unit for unit, _ in given], dtype=np.int64)
    return units, np.array([place[value] for _, value in given], dtype=np.int64), numbers


def _apart_by_name(
    unit: IntArray, value: IntArray, size: IntArray, totals: FloatArray
) -> tuple[float, float]:
    """Return how many ratings differ, within units (each weighed) and among all."""
    pairs, counts = np.unique(unit * len(totals) + value, return_counts=True)
    held = pairs // len(totals)
    together = np.bincount(held, weights=counts.astype(np.float64) ** 2, minlength=len(size))
    rated = size > 1
    apart = (size[rated] ** 2 - together[rated]) / (size[rated] - 1)
    return float(apart.sum()), float(totals.sum() ** 2 - (totals**2).sum())


def _apart_by_square(unit: IntArray, at: FloatArray, size: IntArray) -> tuple[float, float]:
    """Return the sums of squared differences: 2 n times the squares around the mean."""
    at = at - at.mean()
    middle = np.bincount(unit, weights=at, minlength=len(size)) / np.maximum(size, 1)
    around = (at - middle[unit]) ** 2
    weight = 2 * size[unit] / (size[unit] - 1)
    return float((weight * around).sum()), 2 * len(at) * float((at**2).sum())


def _apart_by_ratio(
    unit: IntArray, value: IntArray, numbers: FloatArray, size: IntArray, totals: FloatArray
) -> tuple[float, float]:
    """Return the sums of ((a - b) / (a + b))^2, pair by pair."""
    if float((size.astype(np.float64) ** 2).sum()) + len(numbers) ** 2 > _MOST_PAIRS:
        raise ValueError("too many different ratings for the ratio level: round or sample them")
    at, weight = numbers[value], 2 / (size[unit] - 1)
    observed = 0.0
    for offset in range(1, int(size.max())):
        same = np.flatnonzero(unit[offset:] == unit[:-offset])
        gaps = _ratio_gaps(at[same], at[same + offset])
        observed += float((weight[same] * gaps).sum())
    expected = sum(
        float(count * (totals * _ratio_gaps(number, numbers)).sum())
        for number, count in zip(numbers, totals, strict=True)
    )
    return observed, expected


def _ratio_gaps(a: FloatArray, b: FloatArray) -> FloatArray:
    sums = a + b
    return ((a - b) / np.where(sums == 0, 1.0, sums)) ** 2


def _units(row: Any) -> list[Any]:
    if isinstance(row, (str, bytes)):
        raise TypeError("a text is no list of ratings")
    return list(row)


def _iterable(ratings: Any) -> Any:
    return np.asarray(ratings, dtype=object) if hasattr(ratings, "shape") else ratings


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))


def bradley_terry(wins: ArrayLike, *, prior: float = 0.0) -> FloatArray:
    """Return Bradley-Terry strengths, scaled to geometric mean 1.

    ``wins[i][j]`` counts how often i beat j (half a win each for a tie); shape (k, k).
    The result has shape (k,), above 0, higher is stronger: P(i beats j) = s_i / (s_i + s_j).
    ``prior`` is added to every pair's wins both ways; it is needed (0.5, say) where an item, or
    a group of items, never wins or never loses against the rest. The maximum of the likelihood
    by Newton's method, which long chains of items do not slow down. Bradley & Terry 1952.

    >>> bradley_terry([[0, 3], [1, 0]]).round(4).tolist()
    [1.7321, 0.5774]
    """
    won = table(wins, "wins")
    count = len(won)
    if won.shape[1] != count or count < 2:
        raise ValueError("wins must be square, at least 2 x 2")
    if prior < 0:
        raise ValueError(f"prior must not be negative, got {prior}")
    won = matrix((won + prior) * (1 - np.eye(count)), "wins")
    if not _all_reachable(won):
        raise ValueError("some items never win or never lose against the rest: pass prior=0.5")
    logs = _log_strengths(won)
    if float(np.abs(logs).max()) > _FARTHEST:
        raise ValueError("the strengths are too far apart for numbers: pass prior=0.5")
    return np.asarray(np.exp(logs), dtype=np.float64)


def _log_strengths(won: Matrix) -> FloatArray:
    """Return the log-strengths of mean 0 that make the wins likeliest."""
    logs: FloatArray = np.zeros(len(won))
    likelihood = _likelihood(won, logs)
    for _ in range(1000):
        chance = _sigmoid(np.subtract.outer(logs, logs))
        spread = (won + won.T) * chance * chance.T
        slope = won.sum(axis=1) - ((won + won.T) * chance).sum(axis=1)
        # The likelihood does not change along (1, …, 1): that direction is held at 0.
        curvature = np.diag(spread.sum(axis=1)) - spread + spread.max()
        step: FloatArray = np.linalg.solve(curvature, slope)
        step -= step.mean()
        size = 1.0
        while (better := _likelihood(won, logs + size * step)) < likelihood and size > 1e-9:
            size /= 2
        logs, likelihood = logs + size * step, better
        if float(np.abs(size * step).max()) < 1e-10:
            break
    logs -= logs.mean()
    return logs


def _likelihood(won: Matrix, logs: FloatArray) -> float:
    losses = won * np.logaddexp(0.0, np.subtract.outer(-logs, -logs))
    return -float(losses.sum())


def _sigmoid(values: FloatArray) -> FloatArray:
    chances: FloatArray = np.exp(-np.logaddexp(0.0, -values))
    return chances


def _all_reachable(won: Matrix) -> bool:
    """Say whether every item beats every other one, directly or through a chain of wins."""
    for edges in (won > 0, won.T > 0):
        reached = np.zeros(len(won), dtype=bool)
        reached[0] = True
        while True:
            wider = reached | edges[reached].any(axis=0)
            if (wider == reached).all():
                break
            reached = wider
        if not reached.all():
            return False
    return True


def position_bias(flips: int, first: int) -> Figure:
    """Return the p-value of no position bias, from pairs judged in both orders.

    ``flips`` counts the pairs whose winner changed with the order, ``first`` those of them
    where the answer shown first won both times. Without bias ``first`` is a fair coin over
    ``flips``: exact two-sided binomial test, in 0..1, low means bias. The number carries
    ``.share`` (first over flips, 0.5 without bias, None without flips). Without flips, 1. Zheng
    et al. 2023 (2306.05685) name the bias.

    >>> result = position_bias(20, 15)
    >>> round(result, 4), result.share
    (0.0414, 0.75)
    """
    whole = all(isinstance(n, (int, float, np.number)) and n == n // 1 for n in (flips, first))
    if not whole or not 0 <= first <= flips:
        raise ValueError(f"need whole numbers with 0 <= first <= flips, got {first} of {flips}")
    if not flips:
        return Figure(1.0, share=None)
    from scipy.stats import binomtest

    p = float(binomtest(int(first), int(flips)).pvalue)
    return Figure(min(p, 1.0), share=first / flips)
