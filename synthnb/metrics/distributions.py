"""How far apart are two distributions? Natural logarithms throughout."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from synthnb.metrics.arrays import FloatArray, histograms, matrix, table, vector
from synthnb.metrics.figure import Figure

__all__ = [
    "chi_square",
    "cramers_v",
    "hellinger",
    "jsd",
    "kl",
    "ks",
    "psi",
    "total_variation",
    "wasserstein",
]


def kl(p: ArrayLike, q: ArrayLike, *, smoothing: float = 0.0) -> float:
    """Return the Kullback-Leibler divergence of ``q`` from ``p``: sum p ln(p/q), in nats.

    ``p`` and ``q`` are histograms over the same bins, each summing to 1. From 0 (equal) up;
    infinite where ``p`` has mass and ``q`` has none. ``smoothing`` is added to every bin of
    both, which are then scaled back to 1. Kullback & Leibler 1951.

    >>> round(kl([.5, .3, .2], [.7, .2, .1]), 5)
    0.09203
    """
    first, second = histograms(p, q, smoothing)
    return _kl(first, second)


def _kl(p: FloatArray, q: FloatArray) -> float:
    held = p > 0
    if not q[held].all():
        return math.inf
    return max(float((p[held] * np.log(p[held] / q[held])).sum()), 0.0)


def jsd(p: ArrayLike, q: ArrayLike, *, smoothing: float = 0.0) -> float:
    """Return the Jensen-Shannon divergence (not its root, the distance), in nats.

    ``p`` and ``q`` are histograms over the same bins, each summing to 1. In 0..ln 2, 0 if
    equal. Lin 1991.

    >>> round(jsd([.5, .3, .2], [.7, .2, .1]), 4)
    0.0219
    >>> round(jsd([1, 0], [0, 1]), 4)
    0.6931
    """
    first, second = histograms(p, q, smoothing)
    middle = (first + second) / 2
    return (_kl(first, middle) + _kl(second, middle)) / 2


def total_variation(p: ArrayLike, q: ArrayLike, *, smoothing: float = 0.0) -> float:
    """Return the total variation distance: half the sum of \\|p - q\\|.

    ``p`` and ``q`` are histograms over the same bins, each summing to 1. In 0..1, 0 if equal:
    the share of rows that would have to move. Levin, Peres & Wilmer 2009, ch. 4.

    >>> round(total_variation([.5, .3, .2], [.7, .2, .1]), 4)
    0.2
    """
    first, second = histograms(p, q, smoothing)
    return float(np.abs(first - second).sum()) / 2


def hellinger(p: ArrayLike, q: ArrayLike, *, smoothing: float = 0.0) -> float:
    """Return the Hellinger distance: sqrt(sum (sqrt p - sqrt q)^2 / 2).

    ``p`` and ``q`` are histograms over the same bins, each summing to 1. In 0..1, 0 if equal.
    Hellinger 1909.

    >>> round(hellinger([.5, .3, .2], [.7, .2, .1]), 4)
    0.1484
    """
    first, second = histograms(p, q, smoothing)
    return float(np.linalg.norm(np.sqrt(first) - np.sqrt(second))) / math.sqrt(2)


def psi(p: ArrayLike, q: ArrayLike, *, smoothing: float = 0.0) -> float:
    """Return the population stability index: sum (q - p) ln(q/p), in nats.

    ``p`` and ``q`` are histograms over the same bins, each summing to 1. From 0 (equal) up;
    infinite where only one has mass. By convention, and no more than that, below 0.1 is stable
    and above 0.25 a large shift. It is kl(p, q) + kl(q, p), Jeffreys' divergence. Siddiqi 2006.

    >>> round(psi([.5, .3, .2], [.7, .2, .1]), 4)
    0.1772
    """
    first, second = histograms(p, q, smoothing)
    return _kl(first, second) + _kl(second, first)


def _cumulative(values: FloatArray, weights: FloatArray | None, at: FloatArray) -> FloatArray:
    """Return the share of a sample at or below each point of ``at``."""
    order = np.argsort(values, kind="stable")
    ranks = np.searchsorted(values[order], at, "right")
    if weights is None:
        return ranks / len(values)
    mass = np.concatenate(([0.0], np.cumsum(weights[order])))
    share: FloatArray = mass[ranks] / mass[-1]
    return share


def _weights(weights: ArrayLike | None, values: FloatArray, name: str) -> FloatArray | None:
    if weights is None:
        return None
    array = vector(weights, name)
    if len(array) != len(values) or array.min() < 0 or not array.any():
        raise ValueError(f"{name} must be one number per value, not negative, not all zero")
    return array


def wasserstein(
    a: ArrayLike,
    b: ArrayLike,
    *,
    a_weights: ArrayLike | None = None,
    b_weights: ArrayLike | None = None,
) -> float:
    """Return the Wasserstein-1 (earth mover's) distance of two samples, in their unit.

    ``a`` is (n,), ``b`` is (m,), in any order; weights, one a value, make them histograms over
    ordered categories. From 0 (same distribution) up. The area between the two CDFs: Vallender
    1974.

    >>> wasserstein([0, 1, 3], [5, 6, 8])
    5.0
    >>> ordered, p, q = [0, 1, 2], [.5, .3, .2], [.7, .2, .1]
    >>> round(wasserstein(ordered, ordered, a_weights=p, b_weights=q), 4)
    0.3
    """
    first, second = vector(a, "a"), vector(b, "b")
    points = np.sort(np.concatenate((first, second)))
    gap = np.abs(
        _cumulative(first, _weights(a_weights, first, "a_weights"), points[:-1])
        - _cumulative(second, _weights(b_weights, second, "b_weights"), points[:-1])
    )
    return float((gap * np.diff(points)).sum())


def ks(a: ArrayLike, b: ArrayLike) -> float:
    """Return the two-sample Kolmogorov-Smirnov statistic: the largest gap of the two CDFs.

    ``a`` is (n,), ``b`` is (m,), in any order. In 0..1, 0 if the samples have the same values
    in the same shares. Only the statistic: its p is tiny at many rows. Smirnov 1948.

    >>> ks([0, 1, 2, 3], [0, 0, 3, 3])
    0.25
    """
    first, second = vector(a, "a"), vector(b, "b")
    points = np.concatenate((first, second))
    gap = _cumulative(first, None, points) - _cumulative(second, None, points)
    return float(np.abs(gap).max())


def chi_square(observed: ArrayLike, expected: ArrayLike) -> Figure:
    """Return Pearson's chi-square statistic of counts against expected counts.

    Both have shape (k,), k at least 2, and the same sum; no expected count is 0. From 0 (as
    planned) up. The number also carries ``.df`` (k - 1), ``.p`` (the upper tail) and ``.w``
    (the effect size sqrt(chi2/n), Cohen: 0.1 small, 0.3 medium, 0.5 large). At many rows every
    p is tiny: decide on w. Below 5 expected in a cell the p is rough. Pearson 1900.

    >>> result = chi_square([48, 35, 17], [50, 30, 20])
    >>> round(result, 4), result.df, round(result.p, 4), round(result.w, 4)
    (1.3633, 2, 0.5058, 0.1168)
    """
    from scipy.special import gammaincc

    seen, wanted = vector(observed, "observed"), vector(expected, "expected")
    if len(seen) != len(wanted) or len(seen) < 2:
        raise ValueError("observed and expected must have the same cells, at least two")
    if seen.min() < 0 or wanted.min() <= 0:
        raise ValueError("observed must not be negative, expected must be above 0")
    if not math.isclose(float(seen.sum()), float(wanted.sum()), rel_tol=1e-6):
        raise ValueError(
            f"observed and expected must have the same sum, got {seen.sum():g} and "
            f"{wanted.sum():g}"
        )
    statistic = float(((seen - wanted) ** 2 / wanted).sum())
    df = len(seen) - 1
    p = float(gammaincc(df / 2, statistic / 2))
    return Figure(statistic, df=df, p=p, w=math.sqrt(statistic / float(seen.sum())))


def cramers_v(table_: ArrayLike) -> float:
    """Return Cramer's V of a contingency table, without bias correction.

    ``table_`` holds counts, shape (rows, columns); rows and columns of zeros are left out, and
    two of each must remain. In 0..1: 0 if rows and columns are independent, 1 if one says the
    other. Cramer 1946.

    >>> round(cramers_v([[20, 5], [10, 15]]), 4)
    0.4082
    """
    counts = table(table_, "the table")
    counts = matrix(counts[counts.any(axis=1)][:, counts.any(axis=0)], "the table")
    if min(counts.shape) < 2:
        raise ValueError("the table needs two rows and two columns that are not all zero")
    shares = counts / counts.sum()
    expected = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    effect = float(((shares - expected) ** 2 / expected).sum())
    return math.sqrt(min(effect / (min(counts.shape) - 1), 1.0))
