"""Do raters agree, which side do they favour, and which item is strongest?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from synthnb.metrics.arrays import FloatArray, Matrix, matrix, table
from synthnb.metrics.figure import Figure

__all__ = [
    "bradley_terry",
    "cohen_kappa",
    "fleiss_kappa",
    "krippendorff_alpha",
    "position_bias",
]

Level: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]


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
    counts, values = _value_counts(ratings, level)
    counts = counts[counts.sum(axis=1) > 1]
    if not len(counts):
        raise ValueError("no unit was rated twice: there is nothing to compare")
    pairs = counts.sum(axis=1) - 1
    together = (counts.T / pairs) @ counts - np.diag((counts.T / pairs).sum(axis=1))
    totals = together.sum(axis=0)
    if np.count_nonzero(totals) < 2:
        raise ValueError("only one value is ever used: alpha is undefined")
    apart = _differences(values, totals, level)
    observed = float((together * apart).sum())
    expected = float((np.outer(totals, totals) * apart).sum()) / (float(totals.sum()) - 1)
    return 1.0 - observed / expected


def _value_counts(
    ratings: Sequence[Sequence[Any]] | ArrayLike, level: Level
) -> tuple[FloatArray, FloatArray]:
    """Return how often each unit got each value, (units, values), and the values' numbers."""
    try:
        rows = [list(row) for row in _iterable(ratings)]
    except TypeError as error:
        raise ValueError("ratings must be one list of units per rater") from error
    if not rows or not rows[0]:
        raise ValueError("no ratings")
    if len({len(row) for row in rows}) > 1:
        raise ValueError("every rater needs one entry per unit (None where there is no rating)")
    columns = zip(*rows, strict=True)
    units = [[value for value in unit if not _absent(value)] for unit in columns]
    seen = {value for unit in units for value in unit}
    if level == "nominal":
        ordered = sorted(seen, key=lambda value: (type(value).__name__, str(value)))
        numbers = np.arange(len(ordered), dtype=np.float64)
    else:
        try:
            ordered = sorted(seen)
            numbers = np.array(ordered, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{level} ratings must be numbers") from error
        if level == "ratio" and len(numbers) and numbers.min() < 0:
            raise ValueError("ratio ratings must not be negative")
    place = {value: column for column, value in enumerate(ordered)}
    counts = np.zeros((len(units), len(ordered)))
    for row, unit in enumerate(units):
        for value in unit:
            counts[row, place[value]] += 1
    return counts, numbers


def _iterable(ratings: Any) -> Any:
    return np.asarray(ratings, dtype=object) if hasattr(ratings, "shape") else ratings


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))


def _differences(values: FloatArray, totals: FloatArray, level: Level) -> FloatArray:
    """Return the squared difference of every two values on this level of measurement."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        return (values[:, None] - values[None, :]) ** 2
    if level == "ratio":
        sums = values[:, None] + values[None, :]
        gaps = values[:, None] - values[None, :]
        return (gaps / np.where(sums == 0, 1.0, sums)) ** 2
    # Ordinal: all ratings from one value to the other, each end counted half.
    middles = np.cumsum(totals) - totals / 2
    return np.subtract.outer(middles, middles) ** 2


def bradley_terry(
    wins: ArrayLike, *, prior: float = 0.0, tolerance: float = 1e-10, steps: int = 100_000
) -> FloatArray:
    """Return Bradley-Terry strengths, scaled to geometric mean 1.

    ``wins[i][j]`` counts how often i beat j (half a win each for a tie); shape (k, k).
    The result has shape (k,), above 0, higher is stronger: P(i beats j) = s_i / (s_i + s_j).
    ``prior`` is added to every pair's wins both ways; it is needed (0.5, say) where an item, or
    a group of items, never wins or never loses against the rest. Bradley & Terry 1952, fitted
    by Hunter's MM 2004.

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
    return _strengths(won, tolerance, steps)


def _strengths(won: Matrix, tolerance: float, steps: int) -> FloatArray:
    played, total = won + won.T, won.sum(axis=1)
    logs = np.zeros(len(won))
    for _ in range(steps):
        strength = np.exp(logs)
        pairs = strength[:, None] + strength[None, :]
        moved = np.log(total / (played / pairs).sum(axis=1))
        moved -= moved.mean()
        done = float(np.abs(moved - logs).max()) < tolerance
        logs = moved
        if done:
            return np.asarray(np.exp(logs), dtype=np.float64)
    raise ValueError(f"no convergence in {steps} steps: pass a prior")


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
    ``.share`` (first over flips, 0.5 without bias, None without flips). Without flips, 1.

    >>> result = position_bias(20, 15)
    >>> round(result, 4), result.share
    (0.0414, 0.75)
    """
    if flips != int(flips) or first != int(first) or not 0 <= first <= flips:
        raise ValueError(f"need whole numbers with 0 <= first <= flips, got {first} of {flips}")
    if not flips:
        return Figure(1.0, share=None)
    from scipy.stats import binomtest

    p = float(binomtest(int(first), int(flips)).pvalue)
    return Figure(min(p, 1.0), share=first / flips)
