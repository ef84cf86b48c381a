"""How strong each system is: Bradley-Terry strengths with intervals, wins, ties and losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from synthnb.metrics import bradley_terry

__all__ = ["PRIOR", "Difference", "Game", "Strength", "needed", "share_interval", "strengths"]

PRIOR = 0.5
"""Wins added both ways to every two systems, so that one that never lost has a strength."""
RESAMPLES = 1000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Game:
    """One verdict: system ``a`` got ``score`` (1, 0.5 or 0) against ``b`` on a question."""

    unit: str
    a: int
    b: int
    score: float


@dataclass(frozen=True, slots=True)
class Strength:
    """One system: log strength (0 is the average of all), its interval, its games."""

    system: int
    strength: float
    low: float
    high: float
    won: int
    tied: int
    lost: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How much stronger ``better`` is than ``other``, and whether that is clear."""

    better: int
    other: int
    value: float
    low: float
    high: float
    linked: bool = True
    """Games lead from one to the other, if only by way of third ones. Where none do, the
    value is what ``PRIOR`` assumes."""
    even: bool = False
    """The decided games alone leave open which of the two wins more."""

    @property
    def clear(self) -> bool:
        """The interval does not contain 0, and games say so."""
        return self.linked and not self.even and (self.low > 0 or self.high < 0)


def strengths(
    games: Sequence[Game], systems: int, *, seed: int = 0, level: float = 0.95
) -> tuple[list[Strength], list[Difference]]:
    """Strengths, strongest first, and the difference of each two neighbours and of the first
    to every other one.

    Intervals: questions are drawn again, and games from the fitted strengths; the wider is
    given, because a system that won every time shows no spread among questions.
    """
    wins = _wins(games, systems)
    logs = np.log(bradley_terry(wins, prior=PRIOR))
    drawn = _questions(games, systems, seed), _games(wins + wins.T, logs, seed)
    tails = (50 * (1 - level), 100 - 50 * (1 - level))

    def interval(of: list[Floats]) -> tuple[float, float]:
        ends = [np.percentile(sample, tails) for sample in of]
        return float(min(e[0] for e in ends)), float(max(e[1] for e in ends))

    order = sorted(range(systems), key=lambda s: (-logs[s], s))
    found = []
    for system in order:
        low, high = interval([sample[:, system] for sample in drawn])
        won, tied, lost = _tally(games, system)
        found.append(Strength(system, float(logs[system]), low, high, won, tied, lost))
    twos = dict.fromkeys([*((order[0], s) for s in order[1:]), *pairwise(order)])
    group = _groups(games, systems)
    apart = []
    for better, other in twos:
        low, high = interval([sample[:, better] - sample[:, other] for sample in drawn])
        value = float(logs[better] - logs[other])
        linked = group[better] == group[other]
        apart.append(Difference(better, other, value, low, high, linked))
    return found, apart


def _groups(games: Sequence[Game], systems: int) -> list[int]:
    """A number for each system, the same for those that games lead to and from."""
    group = list(range(systems))
    for game in games:
        old, new = group[game.a], group[game.b]
        group = [new if own == old else own for own in group]
    return group


def share_interval(won: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """Exact (Clopper-Pearson) interval of a share.

    >>> low, high = share_interval(14, 20)
    >>> round(low, 3), round(high, 3)
    (0.457, 0.881)
    """
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = float(beta.ppf(tail, won, of - won + 1)) if won else 0.0
    high = float(beta.ppf(1 - tail, won + 1, of - won)) if won < of else 1.0
    return low, high


def needed(won: int, of: int, most: int = 10_000) -> int | None:
    """Games from which on a share like ``won`` of ``of`` has an interval above one half.

    The least number at which ``share_interval`` leaves 0.5 out, were the share to stay;
    ``None`` for a share of half or less, and where even ``most`` games would not do.

    >>> needed(14, 20), needed(11, 20), needed(10, 20)
    (29, 404, None)
    """
    from scipy.stats import beta

    if 2 * won <= of:
        return None
    games = np.arange(1, most + 1)
    wins = games * (won / of)
    clear = np.flatnonzero(beta.ppf(0.025, wins, games - wins + 1) > 0.5)
    return int(games[clear[0]]) if len(clear) else None


def _tally(games: Sequence[Game], system: int) -> tuple[int, int, int]:
    own = [g.score if g.a == system else 1 - g.score for g in games if system in (g.a, g.b)]
    return sum(s == 1 for s in own), sum(s == 0.5 for s in own), sum(s == 0 for s in own)


def _wins(games: Sequence[Game], systems: int) -> Floats:
    wins = np.zeros((systems, systems))
    for game in games:
        wins[game.a, game.b] += game.score
        wins[game.b, game.a] += 1 - game.score
    return wins


def _questions(games: Sequence[Game], systems: int, seed: int) -> Floats:
    """Log strengths of draws of questions, (draws, systems)."""
    units = list(dict.fromkeys(game.unit for game in games))
    place = {unit: i for i, unit in enumerate(units)}
    by_unit = np.zeros((len(units), systems, systems))
    for game in games:
        by_unit[place[game.unit], game.a, game.b] += game.score
        by_unit[place[game.unit], game.b, game.a] += 1 - game.score
    n = max(len(units), 1)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    if not units:
        return np.zeros((RESAMPLES, systems))
    return _fit(np.tensordot(times.astype(np.float64), by_unit, axes=1))


def _games(played: Floats, logs: Floats, seed: int) -> Floats:
    """Log strengths of games drawn from the fitted ones, (draws, systems).

    Every two systems play one more, at even odds: what is known of a system with few games
    is mostly the prior, and its interval must not be narrower for it.
    """
    rng = np.random.default_rng(seed + 1)
    k = len(logs)
    wins = np.zeros((RESAMPLES, k, k))
    for a in range(k):
        for b in range(a + 1, k):
            n = round(float(played[a, b]))
            chance = 1 / (1 + np.exp(logs[b] - logs[a]))
            won = rng.binomial(n, chance, RESAMPLES)
            coin = rng.integers(2, size=RESAMPLES)
            wins[:, a, b], wins[:, b, a] = won + coin, n - won + 1 - coin
    return _fit(wins)


def _fit(wins: Floats, tolerance: float = 1e-6, steps: int = 2000) -> Floats:
    """``metrics.bradley_terry`` for many tables at once, (tables, systems) log strengths."""
    k = wins.shape[1]
    won = wins + PRIOR * (1 - np.eye(k))
    played, total = won + won.transpose(0, 2, 1), won.sum(axis=2)
    logs = np.zeros(total.shape)
    for _ in range(steps):
        strength = np.exp(logs)
        both = strength[:, :, None] + strength[:, None, :]
        moved = np.log(total / (played / both).sum(axis=2))
        moved -= moved.mean(axis=1, keepdims=True)
        done = float(np.abs(moved - logs).max()) < tolerance
        logs = moved
        if done:
            break
    return logs
