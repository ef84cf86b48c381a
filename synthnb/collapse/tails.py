"""Rare things go first: word counts and memorised items, resampled from themselves."""

from __future__ import annotations

from typing import Literal

import numpy as np

from synthnb.collapse.result import Curve, Result, summarise

__all__ = ["truncated_tail", "zipf"]

_EXACT = 1_000_000
"""Items whose chances are summed one by one; the tail beyond is taken as never seen twice."""


def zipf(
    V: int = 2000,
    a: float = 1.0,
    n: int = 5000,
    t: int = 20,
    chains: int = 100,
    seed: int = 0,
    measure: Literal["alive", "diversity"] = "alive",
) -> Result:
    """Count n words drawn from the counts before, beginning with p_i ~ i^-a, i = 1..V.

    Values are the types still alive, or the ``diversity`` 1 - sum p^2. Theory for types: sum of
    1 - exp(-n p_i (1 - q_{t-1})), q_0 = 0, q_{t+1} = exp(q_t - 1); for diversity, exactly,
    (1 - 1/n)^t (1 - sum p_0^2). ``more`` holds the other measure and its theory.
    Forgetting: Suresh et al. 2024 (arXiv:2412.17646).
    """
    rng = np.random.default_rng(seed)
    start = np.arange(1, V + 1, dtype=np.float64) ** -a
    start /= start.sum()
    shares = np.tile(start, (chains, 1))
    alive, diversity = np.empty((chains, t)), np.empty((chains, t))
    for step in range(t):
        counts = rng.multinomial(n, shares)
        shares = counts / n
        alive[:, step] = (counts > 0).sum(axis=1)
        diversity[:, step] = 1 - (shares**2).sum(axis=1)
    lost, expected = 0.0, []
    for _ in range(t):
        expected.append(float((1 - np.exp(-n * start * (1 - lost))).sum()))
        lost = float(np.exp(lost - 1))
    steps = np.arange(1, t + 1)
    exact: Curve = (1 - 1 / n) ** steps * (1 - float((start**2).sum()))
    params = {
        "V": V,
        "a": a,
        "n": n,
        "t": t,
        "chains": chains,
        "seed": seed,
        "measure": measure,
    }
    if measure == "diversity":
        more = {"alive": alive.mean(axis=0), "alive_theory": np.array(expected)}
        return summarise("zipf", "1 − Σp²", params, diversity, exact, **more)
    if measure != "alive":
        raise ValueError(f"measure must be alive or diversity, got {measure!r}")
    more = {"diversity": diversity.mean(axis=0), "diversity_theory": exact}
    return summarise("zipf", "types alive", params, alive, np.array(expected), **more)


def truncated_tail(
    T: int = 100,
    beta: float = 1.5,
    k: int | None = None,
    t: int = 10,
    chains: int = 1000,
    seed: int = 0,
) -> Result:
    """Let a memory learn T items, p_i ~ i^-beta, then teach the next from what it knows.

    Values are the error: the true mass of the items not in memory. Each generation draws T
    items from the true distribution cut to what the one before knows; with ``k`` also to the k
    commonest items, from the start. Theory: E_1 = sum p_i (1 - p_i)^T exactly (of the cut p
    with ``k``, plus the mass cut off); later generations by mean field. ``more``: ``scaling``,
    the law (1/beta) zeta(beta)^(-1/beta) Gamma(1 - 1/beta) T^-(1 - 1/beta) of large T, and
    ``floor``, k^-(beta-1)/((beta-1) zeta(beta)); their sum is the double scaling law.
    Dohmatob et al. 2024 (arXiv:2402.07043).
    """
    from scipy.special import gamma, zeta

    if beta <= 1:
        raise ValueError(f"beta must be above 1, got {beta}")
    norm = float(zeta(beta, 1))
    rng = np.random.default_rng(seed)
    errors = np.stack([_forget(rng, T, beta, k, t, norm) for _ in range(chains)])
    slope = 1 - 1 / beta
    scaling = float(norm ** (-1 / beta) * gamma(slope) / beta * T**-slope)
    floor = float(k ** (1 - beta) / ((beta - 1) * norm)) if k else 0.0
    params = {"T": T, "beta": beta, "k": k, "t": t, "chains": chains, "seed": seed}
    return summarise(
        "truncated_tail",
        "mass not in memory",
        params,
        errors,
        _forgetting(T, beta, k, t, norm),
        scaling=scaling,
        floor=floor,
    )


def _forget(
    rng: np.random.Generator, T: int, beta: float, k: int | None, t: int, norm: float
) -> Curve:
    errors = np.empty(t)
    known = _first(rng, T, beta, k)
    for step in range(t):
        if step:
            mass = known.astype(np.float64) ** -beta
            known = known[rng.multinomial(T, mass / mass.sum()) > 0]
        errors[step] = 1 - float((known.astype(np.float64) ** -beta).sum()) / norm
    return errors


def _first(rng: np.random.Generator, T: int, beta: float, k: int | None) -> Curve:
    if k is None:
        return np.unique(rng.zipf(beta, T)).astype(np.float64)
    items = np.arange(1, k + 1, dtype=np.float64)
    mass = items**-beta
    return items[rng.multinomial(T, mass / mass.sum()) > 0]


def _forgetting(T: int, beta: float, k: int | None, t: int, norm: float) -> Curve:
    mass = np.arange(1, min(k or _EXACT, _EXACT) + 1, dtype=np.float64) ** -beta / norm
    whole = float(mass.sum()) if k else 1.0
    known = np.ones(len(mass))
    expected = []
    for _ in range(t):
        # An item stays if it was known and is drawn at least once.
        known = known * -np.expm1(T * np.log1p(-np.minimum(mass / whole, 1 - 1e-15)))
        held = float((mass * known).sum())
        expected.append(1 - held)
        whole = held
    return np.array(expected)
