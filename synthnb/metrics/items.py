"""Items of a test by what solvers made of them: how hard, and do they tell solvers apart?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from synthnb.metrics.arrays import FloatArray, floats

__all__ = ["discrimination", "point_biserial", "solve_rates"]

FEWEST = 3
"""Solvers below which a correlation says nothing."""


def _marks(correct: ArrayLike) -> FloatArray:
    marks = floats(correct, "marks", gaps=True)
    if marks.ndim != 2 or not marks.size:
        raise ValueError("expected one row a solver and one column an item")
    known = marks[~np.isnan(marks)]
    if not np.isin(known, (0.0, 1.0)).all():
        raise ValueError("marks are 1 (right), 0 (wrong) or NaN (no answer that can be read)")
    return marks


def solve_rates(correct: ArrayLike) -> FloatArray:
    """Return the share of solvers that got each item right; NaN where none answered.

    ``correct`` is (solvers, items): 1 right, 0 wrong, NaN unread. In 0..1, the classical
    item difficulty (high is easy).

    >>> solve_rates([[1, 0], [1, 1]]).tolist()
    [1.0, 0.5]
    """
    marks = _marks(correct)
    answered = (~np.isnan(marks)).sum(axis=0)
    right = np.nansum(marks, axis=0)
    empty = np.full(marks.shape[1], np.nan)
    rates: FloatArray = np.divide(right, answered, out=empty, where=answered > 0)
    return rates


def point_biserial(right: ArrayLike, scores: ArrayLike) -> float:
    """Return the correlation of right (1) and wrong (0) with a score; NaN without spread.

    (M1 - M0) / s * sqrt(p q) with the population's standard deviation s: the same as
    Pearson's r. In -1..1.

    >>> round(point_biserial([1, 1, 0, 0], [9, 7, 4, 2]), 4)
    0.9285
    """
    marks, values = floats(right, "marks", gaps=True), floats(scores, "scores", gaps=True)
    if marks.shape != values.shape or marks.ndim != 1:
        raise ValueError("expected one score for each mark")
    if not np.isin(marks[~np.isnan(marks)], (0.0, 1.0)).all():
        raise ValueError("marks are 1 (right) or 0 (wrong)")
    known = ~(np.isnan(marks) | np.isnan(values))
    marks, values = marks[known], values[known]
    spread = float(values.std()) if len(values) else 0.0
    share = float(marks.mean()) if len(marks) else 0.0
    if spread < 1e-12 or share in (0.0, 1.0):
        return float("nan")
    gap = float(values[marks == 1].mean() - values[marks == 0].mean())
    return gap / spread * float(np.sqrt(share * (1 - share)))


def discrimination(correct: ArrayLike) -> FloatArray:
    """Return each item's corrected point-biserial: do better solvers get it right?

    ``correct`` as in ``solve_rates``. An item is held against the solvers' rate on all
    *other* items, so that it does not praise itself. In -1..1: above 0.2 is usual, below 0
    says that the key may be wrong. NaN with fewer than 3 solvers or no spread; with few
    solvers it is rough.

    >>> discrimination([[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 0, 0]]).round(2).tolist()
    [0.3, 0.82, 0.3]
    """
    marks = _marks(correct)
    found = np.full(marks.shape[1], np.nan)
    if len(marks) < FEWEST:
        return found
    for item in range(marks.shape[1]):
        rest = np.delete(marks, item, axis=1)
        answered = (~np.isnan(rest)).sum(axis=1)
        rate = np.divide(
            np.nansum(rest, axis=1), answered, out=np.full(len(marks), np.nan),
            where=answered > 0,
        )  # fmt: skip
        found[item] = point_biserial(marks[:, item], rate)
    return found
