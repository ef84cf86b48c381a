"""What a class can choose: replace the old rows, keep them, or verify new ones as well."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np

from synthnb.collapse.result import Curve, Result, summarise

__all__ = ["Choice", "choices"]

Choice: TypeAlias = Literal["replace", "accumulate", "verify"]

_DRAWS = 4_000_000
"""Rows drawn at most where every row is looked at; chains give way."""
_TRIES = 6


def choices(
    mode: Choice = "replace",
    n: int = 20,
    t: int = 50,
    chains: int = 2000,
    real: float = 0.0,
    phi: float = 0.9,
    psi: float = 0.3,
    seed: int = 7,
) -> Result:
    """Refit a normal distribution to ``n`` rows a generation, the first time to N(0, 1).

    ``real`` is the share of each later generation's rows that are freshly drawn real ones.
    ``replace`` fits to the newest rows, ``accumulate`` to all so far, ``verify`` as well, but a
    new row joins only if a verifier keeps it: with chance ``phi`` where it is right, ``psi``
    where it is wrong; a row x is right with chance min(1, p(x)/q(x)), p the real density and q
    the model's. Values are variances by 1/rows. Theory: their exact expectation by recursion,
    (1 - 1/n)^t for ``replace`` without real rows; none for ``verify``.

    >>> round(float(choices("replace", n=20, t=20, chains=9).theory[-1]), 4)
    0.3585
    """
    if mode not in get_args(Choice):
        raise ValueError(f"mode must be one of {', '.join(get_args(Choice))}, got {mode!r}")
    for name, value in (("real", real), ("phi", phi), ("psi", psi)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is a share in 0..1, got {value}")
    if n < 2 or t < 1 or chains < 1:
        raise ValueError("n must be at least 2, t and chains at least 1")
    kept = round(real * n)
    if mode == "verify":
        chains = max(min(chains, _DRAWS // (n * t)), 50)
        values = _verified(n, t, chains, kept, phi, psi, seed)
        theory = None
    else:
        values = _summed(mode == "replace", n, t, chains, kept, seed)
        theory = _expected(mode == "replace", n, t, kept)
    params = {"mode": mode, "n": n, "t": t, "chains": chains, "real": real}
    params |= {"phi": phi, "psi": psi, "seed": seed}
    return summarise("choices", "variance", params, values, theory)


def _sums(
    rng: np.random.Generator, mean: Curve, variance: Curve, size: int
) -> tuple[Curve, Curve]:
    """Sum and sum of squares of ``size`` normal rows a chain, drawn as such."""
    if size == 0:
        return np.zeros_like(mean), np.zeros_like(mean)
    middle = mean + np.sqrt(variance / size) * rng.normal(size=len(mean))
    around = variance * rng.chisquare(size - 1, len(mean)) if size > 1 else 0.0
    return size * middle, around + size * middle**2


def _summed(replace: bool, n: int, t: int, chains: int, kept: int, seed: int) -> Curve:
    rng = np.random.default_rng(seed)
    zero, one = np.zeros(chains), np.ones(chains)
    mean, variance = zero, one
    total, squares, rows = zero, zero, 0
    variances = []
    for step in range(t):
        real_rows = n if step == 0 else kept
        first = _sums(rng, zero, one, real_rows)
        second = _sums(rng, mean, variance, n - real_rows)
        if replace:
            total, squares, rows = zero, zero, 0
        total, squares = total + first[0] + second[0], squares + first[1] + second[1]
        rows += n
        mean = total / rows
        variance = np.maximum(squares / rows - mean**2, 0.0)
        variances.append(variance)
    return np.stack(variances, axis=1)


def _expected(replace: bool, n: int, t: int, kept: int) -> Curve:
    """E[variance] by generation: moments of sums are exact, so the recursion is linear."""
    squared, variance, rows = 0.0, 1.0, 0  # E[mean^2], E[variance], rows before
    theory = []
    for step in range(t):
        real_rows = n if step == 0 else kept
        made = n - real_rows
        rows = 0 if replace else rows
        total = rows * (variance + squared)
        total += made * (variance + squared) + real_rows
        # The new mean is (rows + made)/all of the old one, plus the noise of the new rows.
        noise = (made * variance + real_rows) / (rows + n) ** 2
        squared = squared * ((rows + made) / (rows + n)) ** 2 + noise
        rows += n
        variance = total / rows - squared
        theory.append(variance)
    return np.array(theory)


def _verified(
    n: int, t: int, chains: int, kept: int, phi: float, psi: float, seed: int
) -> Curve:
    rng = np.random.default_rng(seed)
    mean, variance = np.zeros(chains), np.ones(chains)
    total, squares = np.zeros(chains), np.zeros(chains)
    variances = []
    for step in range(t):
        real_rows = n if step == 0 else kept
        rows = rng.normal(size=(chains, n))
        if real_rows < n:
            rows[:, real_rows:] = _passed(rng, mean, np.sqrt(variance), n - real_rows, phi, psi)
        total += rows.sum(axis=1)
        squares += (rows**2).sum(axis=1)
        size = n * (step + 1)
        mean = total / size
        variance = np.maximum(squares / size - mean**2, 1e-12)
        variances.append(variance)
    return np.stack(variances, axis=1)


def _passed(
    rng: np.random.Generator, mean: Curve, spread: Curve, size: int, phi: float, psi: float
) -> Curve:
    """Rows of the model that the verifier kept; the last try is kept whatever it is."""
    z = rng.normal(size=(len(mean), size))
    x = mean[:, None] + spread[:, None] * z
    open_ = np.ones(x.shape, dtype=bool)
    for _ in range(_TRIES):
        right = np.exp(np.minimum(0.0, np.log(spread)[:, None] + (z**2 - x**2) / 2))
        keep = rng.random(x.shape) < psi + (phi - psi) * right
        open_ &= ~keep
        if not open_.any():
            break
        z = np.where(open_, rng.normal(size=x.shape), z)
        x = mean[:, None] + spread[:, None] * z
    return x
