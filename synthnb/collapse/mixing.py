"""What keeps models alive: keeping old data, mixing in fresh data, verifying new data."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from synthnb.collapse.result import Curve, Result, summarise

__all__ = ["golden_ratio", "regression", "verification"]


def regression(
    d: int = 10,
    T: int = 50,
    t: int = 20,
    s2: float = 1.0,
    mode: Literal["replace", "accumulate"] = "replace",
    fresh: bool = False,
    chains: int = 4000,
    seed: int = 0,
) -> Result:
    """Refit a linear regression to labels that the fit before has written.

    ``T`` rows of ``d`` isotropic features, label noise of variance ``s2``; ``replace`` fits to
    the newest labels, ``accumulate`` to all so far. Values are the excess test error
    |w - w_true|^2. Theory: s2 d/(T-d-1) times t (replace), or times the sum of 1/i^2, at most
    pi^2/6 (accumulate; with ``fresh`` features each round it is an upper bound). Dohmatob et
    al. 2024 (arXiv:2402.07712), Gerstgrasser et al. 2024 (arXiv:2404.01413).
    """
    if d + 1 >= T:
        raise ValueError(f"T must be above d + 1, got T={T} and d={d}")
    if mode not in ("replace", "accumulate"):
        raise ValueError(f"mode must be replace or accumulate, got {mode!r}")
    rng = np.random.default_rng(seed)
    errors = np.empty((chains, t))
    size = max(1, 2_000_000 // (T * d))
    for start in range(0, chains, size):
        part = min(size, chains - start)
        errors[start : start + part] = _refit(rng, part, d, T, t, mode == "replace", fresh)
    steps = np.arange(1, t + 1, dtype=np.float64)
    growth = steps if mode == "replace" else np.cumsum(steps**-2)
    params = {"d": d, "T": T, "t": t, "s2": s2, "mode": mode, "fresh": fresh}
    params |= {"chains": chains, "seed": seed}
    base = s2 * d / (T - d - 1)
    measure = "excess test error"
    bound = base * math.pi**2 / 6 if mode == "accumulate" else None
    return summarise(
        "regression", measure, params, s2 * errors, base * growth, base=base, bound=bound
    )


def _refit(
    rng: np.random.Generator, chains: int, d: int, T: int, t: int, replace: bool, fresh: bool
) -> Curve:
    """Return squared errors for unit noise, (chains, t); the true weights are 0."""
    weights: Curve = np.zeros((chains, d, 1))
    gram = np.zeros((chains, d, d))
    moment = np.zeros((chains, d, 1))
    x = rng.normal(size=(chains, T, d))
    errors = np.empty((chains, t))
    for step in range(t):
        if step and fresh:
            x = rng.normal(size=(chains, T, d))
        labels = x @ weights + rng.normal(size=(chains, T, 1))
        turned = x.transpose(0, 2, 1)
        if replace:
            gram, moment = turned @ x, turned @ labels
        else:
            gram, moment = gram + turned @ x, moment + turned @ labels
        weights = np.linalg.solve(gram, moment)
        errors[:, step] = (weights**2).sum(axis=(1, 2))
    return errors


def golden_ratio(
    k: float = 1.0,
    n: int = 100,
    w: float | Literal["golden", "pooled"] = "golden",
    t: int = 30,
    chains: int = 20_000,
    seed: int = 0,
) -> Result:
    """Estimate a mean from n fresh real and n/k synthetic rows a round, weight w on real.

    ``w`` is a weight, ``golden`` for the best one (sqrt(k^2 + 4k) - k)/2 (0.618 at k = 1), or
    ``pooled`` for k/(1 + k), all rows alike. Values are squared errors of the mean times n, 1
    for real rows alone. Theory: v_t = w^2 + (1-w)^2 (v_{t-1} + k), v_1 = 1, which settles at
    (w^2 + k(1-w)^2)/(2w - w^2), in ``more`` as ``limit``. He, Xu and Cheng 2025
    (arXiv:2502.18049).
    """
    if k <= 0:
        raise ValueError(f"k must be above 0, got {k}")
    best = (math.sqrt(k * k + 4 * k) - k) / 2
    weight = {"golden": best, "pooled": k / (1 + k)}.get(w, w) if isinstance(w, str) else w
    if isinstance(weight, str) or not 0 < weight <= 1:
        raise ValueError(f"w must be golden, pooled, or above 0 and at most 1, got {w!r}")
    rng = np.random.default_rng(seed)
    mean = rng.normal(size=chains)  # in units of 1/sqrt(n): the first fit is to real rows only
    errors, expected = [mean**2], [1.0]
    for _ in range(t - 1):
        synthetic = mean + math.sqrt(k) * rng.normal(size=chains)
        mean = weight * rng.normal(size=chains) + (1 - weight) * synthetic
        errors.append(mean**2)
        expected.append(weight**2 + (1 - weight) ** 2 * (expected[-1] + k))
    params = {"k": k, "n": n, "w": w, "t": t, "chains": chains, "seed": seed}
    limit = (weight**2 + k * (1 - weight) ** 2) / (2 * weight - weight**2)
    return summarise(
        "golden_ratio",
        "variance of the mean × n",
        params,
        np.stack(errors, axis=1),
        np.array(expected),
        weight=float(weight),
        best=best,
        limit=float(limit),
    )


def verification(
    phi: float = 0.9,
    psi: float = 0.3,
    e: float = 0.7,
    d: int = 20,
    n: int = 40_000,
    t: int = 5,
    verify: bool = True,
    signal: float = 1.5,
    chains: int = 200,
    seed: int = 0,
) -> Result:
    """Train on labels that are wrong with chance e, kept by a verifier.

    A right label is kept with chance ``phi``, a wrong one with ``psi`` (all are kept without
    ``verify``). The classes lie at +-mu, |mu| = ``signal``, in ``d`` dimensions, unit noise;
    the classifier is the difference of the ``n`` rows' class means, and the next generation's
    labels are wrong as often as it is. Values are its accuracy. Theory: its expectation, from
    the expected error of the generation before; it flips at e = 1/(1 + psi/phi), in ``more`` as
    ``threshold``. ``more`` also has ``kept_error`` of the first generation,
    e psi/((1-e) phi + e psi). Feng et al. 2024 (arXiv:2406.07515).
    """
    for name, value in (("phi", phi), ("psi", psi), ("e", e)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is a chance in 0..1, got {value}")
    right, wrong = (phi, psi) if verify else (1.0, 1.0)
    if right + wrong == 0:
        raise ValueError("phi and psi are both 0: nothing is kept")
    rng = np.random.default_rng(seed)
    error, expected_error = np.full(chains, e), e
    accuracy, theory = [], []
    for _ in range(t):
        error = 1 - _trained(rng, error, right, wrong, d, n, signal)
        accuracy.append(1 - error)
        expected_error = 1 - _expected(expected_error, right, wrong, d, n, signal)
        theory.append(1 - expected_error)
    params = {"phi": phi, "psi": psi, "e": e, "d": d, "n": n, "t": t, "verify": verify}
    params |= {"signal": signal, "chains": chains, "seed": seed}
    kept = (1 - e) * right + e * wrong
    return summarise(
        "verification",
        "accuracy",
        params,
        np.stack(accuracy, axis=1),
        np.array(theory),
        threshold=1 / (1 + wrong / right) if right else 0.0,
        kept_error=e * wrong / kept if kept else None,
    )


def _trained(
    rng: np.random.Generator,
    error: Curve,
    right: float,
    wrong: float,
    d: int,
    n: int,
    signal: float,
) -> Curve:
    """Return the accuracy of each chain's classifier.

    The mean of label times row is normal around (right - wrong kept)/kept mu: drawn as such.
    """
    good = rng.binomial(n, (1 - error) * right)
    bad = rng.binomial(n, np.minimum(error * wrong, 1.0))
    kept = np.maximum(good + bad, 1)
    tilt = (good - bad) / kept
    # Along mu the rows also spread by which side their label puts them on.
    spread = np.sqrt((1 + signal**2 * (1 - tilt**2)) / kept)
    along = tilt * signal + spread * rng.normal(size=len(error))
    across = rng.chisquare(max(d - 1, 1), len(error)) / kept * (d > 1)
    return _normal(signal * along / np.sqrt(along**2 + across))


def _expected(error: float, right: float, wrong: float, d: int, n: int, signal: float) -> float:
    """Return the mean accuracy, by a grid in place of ``_trained``'s draws."""
    from scipy.special import gammaincinv, ndtri

    good, bad = (1 - error) * right, error * wrong
    if not good + bad:
        return 0.5
    kept, tilt = (good + bad) * n, (good - bad) / (good + bad)
    spread = math.sqrt((1 + signal**2 * (1 - tilt**2)) / kept)
    grid = (np.arange(200) + 0.5) / 200
    along = tilt * signal + spread * ndtri(grid)[:, None]
    across = 2 * gammaincinv((d - 1) / 2, grid) / kept if d > 1 else np.zeros(1)
    return float(_normal(signal * along / np.sqrt(along**2 + across)).mean())


def _normal(z: Curve) -> Curve:
    from scipy.special import ndtr

    return np.asarray(ndtr(z), dtype=np.float64)
