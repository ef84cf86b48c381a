"""A normal distribution refitted to its own samples, again and again.

The real data are N(0, 1). What n samples say of a fit are their mean and their sum of squares,
which are drawn directly (normal and chi-square): exact in law, whatever n is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from synthnb.collapse.result import Curve, Result, summarise

__all__ = ["gaussian_accumulate", "gaussian_replace", "gaussian_unbiased", "kde", "w2_risk"]


def _chain(n: Sequence[int], chains: int, seed: int, *, unbiased: bool) -> tuple[Curve, Curve]:
    """Return ln variances and means, (chains, generations), each fitted to the one before.

    Logarithms, because a long chain's variance is soon too small for a float.
    """
    rng = np.random.default_rng(seed)
    mean, log_variance = np.zeros(chains), np.zeros(chains)
    means, log_variances = [], []
    for size in n:
        mean = mean + np.exp(log_variance / 2) / np.sqrt(size) * rng.normal(size=chains)
        shrunk = rng.chisquare(size - 1, chains) / (size - unbiased)
        log_variance = log_variance + np.log(shrunk)
        means.append(mean)
        log_variances.append(log_variance)
    return np.stack(log_variances, axis=1), np.stack(means, axis=1)


def _typical(n: int, divisor: int, steps: Curve) -> Curve:
    """Return exp(E[ln s2]): where a typical chain is (digamma slope)."""
    from scipy.special import digamma

    slope = float(digamma((n - 1) / 2)) + float(np.log(2 / divisor))
    return np.asarray(np.exp(slope * steps))


def gaussian_replace(n: int = 20, t: int = 20, chains: int = 10_000, seed: int = 0) -> Result:
    """Replace the data by the fit's samples each generation, variance by 1/n.

    Values are variances. Theory: E[s2_t] = (1 - 1/n)^t. ``more``: ``typical``, the geometric
    mean's formula, ``geometric``, the geometric mean, ``mean_squared`` and its theory
    1 - (1 - 1/n)^t, and ``theory_sd``, the exact deviation of one chain. After Shumailov et
    al. 2024 (Nature 631:755); the moments follow from those of chi-square.
    """
    steps = np.arange(1, t + 1, dtype=np.float64)
    logs, mean = _chain([n] * t, chains, seed, unbiased=False)
    theory = (1 - 1 / n) ** steps
    spread = np.sqrt((1 - 1 / n**2) ** steps - theory**2)
    return summarise(
        "gaussian_replace",
        "variance",
        {"n": n, "t": t, "chains": chains, "seed": seed},
        np.exp(logs),
        theory,
        typical=_typical(n, n, steps),
        geometric=np.exp(logs.mean(axis=0)),
        mean_squared=(mean**2).mean(axis=0),
        mean_squared_theory=1 - theory,
        theory_sd=spread,
    )


def gaussian_unbiased(n: int = 20, t: int = 60, chains: int = 10_000, seed: int = 0) -> Result:
    """Replace as above with the unbiased variance, by 1/(n-1): the mean misleads.

    Values are variances. Theory: E[s2_t] = 1 for ever, while almost every chain goes to 0: look
    at the median. ``more``: ``typical``, the geometric mean's formula, and ``geometric``.
    """
    steps = np.arange(1, t + 1, dtype=np.float64)
    logs, _ = _chain([n] * t, chains, seed, unbiased=True)
    return summarise(
        "gaussian_unbiased",
        "variance",
        {"n": n, "t": t, "chains": chains, "seed": seed},
        np.exp(logs),
        np.ones(t),
        typical=_typical(n, n - 1, steps),
        geometric=np.exp(logs.mean(axis=0)),
    )


def gaussian_accumulate(
    n: int = 20, t: int = 20, chains: int = 10_000, seed: int = 0
) -> Result:
    """Add n samples of the latest fit each generation and fit to all t n rows.

    Values are variances (by 1/(t n)). Theory: the product of 1 - 1/(n k^2) over k = 1..t, which
    ends at sin(pi/sqrt n)/(pi/sqrt n), in ``more`` as ``limit``. After Kazdan et al. 2024
    (arXiv:2410.16713).
    """
    rng = np.random.default_rng(seed)
    mean, variance = np.zeros(chains), np.ones(chains)
    total, squares = np.zeros(chains), np.zeros(chains)
    variances, means = [], []
    for step in range(1, t + 1):
        batch = mean + np.sqrt(variance / n) * rng.normal(size=chains)
        total += n * batch
        squares += variance * rng.chisquare(n - 1, chains) + n * batch**2
        mean = total / (n * step)
        variance = squares / (n * step) - mean**2
        variances.append(variance)
        means.append(mean)
    theory: Curve = np.cumprod(1 - 1 / (n * np.arange(1.0, t + 1) ** 2))
    return summarise(
        "gaussian_accumulate",
        "variance",
        {"n": n, "t": t, "chains": chains, "seed": seed},
        np.stack(variances, axis=1),
        theory,
        limit=float(np.sinc(1 / np.sqrt(n))),
        mean_squared=(np.stack(means, axis=1) ** 2).mean(axis=0),
        mean_squared_theory=1 - theory,
    )


def w2_risk(
    n: int | Sequence[int] = 100, t: int = 20, chains: int = 10_000, seed: int = 0
) -> Result:
    """Measure how far replaced fits drift from the truth in Wasserstein-2, squared.

    ``n`` is the sample size of every generation, or one size a generation (then ``t`` is their
    number); the variance is unbiased. Theory, to first order in 1/n: 3/2 (1/n_1 + ... + 1/n_t)
    (Shumailov et al. 2024).
    """
    sizes = [n] * t if isinstance(n, int) else [int(size) for size in n]
    logs, mean = _chain(sizes, chains, seed, unbiased=True)
    params: dict[str, Any] = {"n": n, "t": len(sizes), "chains": chains, "seed": seed}
    risk = mean**2 + (np.exp(logs / 2) - 1) ** 2
    theory = 1.5 * np.cumsum(1 / np.array(sizes, dtype=np.float64))
    return summarise("w2_risk", "squared W2 distance to the truth", params, risk, theory)


def kde(n: int = 200, h: float = 0.3, t: int = 20, chains: int = 1000, seed: int = 0) -> Result:
    """Draw n points from a kernel density estimate of the n before, bandwidth h.

    Values are variances (by 1/n): here spread grows. Theory: v_t = (v_{t-1} + h^2)(1 - 1/n),
    v_0 = 1.
    """
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(chains, n))
    variances, theory, expected = [], [], 1.0
    for step in range(t):
        if step:
            picks = rng.integers(0, n, (chains, n))
            points = np.take_along_axis(points, picks, axis=1)
        points = points + h * rng.normal(size=(chains, n))
        variances.append(points.var(axis=1))
        expected = (expected + h**2) * (1 - 1 / n)
        theory.append(expected)
    params = {"n": n, "h": h, "t": t, "chains": chains, "seed": seed}
    return summarise("kde", "variance", params, np.stack(variances, axis=1), np.array(theory))
