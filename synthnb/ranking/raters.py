"""Whether raters agree: with each other, with themselves, and a judge with people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from synthnb.metrics import cohen_kappa, fleiss_kappa, krippendorff_alpha
from synthnb.metrics.figure import Interval
from synthnb.ranking.scores import share_interval

__all__ = [
    "CLASSES",
    "Agreement",
    "Kappa",
    "Threshold",
    "agreement",
    "choose_threshold",
    "class_of",
    "few",
    "kappa",
    "words",
]

CLASSES = ("a", "tie", "b")
USUAL = 0.6
"""The bar where people gave too little to set one: what is called substantial."""
LEAST = 0.4
"""No judge may rank alone below this, where agreement begins to be called moderate."""
ENOUGH = 5
"""Fewer pairs say nothing of agreement, however alike the verdicts on them are."""
RESAMPLES = 500

Verdicts = Mapping[str, str]
"""Verdicts of one rater by pair: ``a``, ``b``, ``tie``, ``both_bad`` (counts as a tie)."""


def class_of(verdict: str) -> str | None:
    """The class of a verdict, ``None`` for one that is none."""
    return {"a": "a", "b": "b", "tie": "tie", "both_bad": "tie"}.get(verdict)


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa of two raters; ``value`` is ``None`` where it is undefined.

    On fewer than five pairs it has no interval.
    """

    pairs: int
    """Pairs that both judged."""
    same: int
    """Pairs with the same verdict."""
    table: tuple[tuple[int, ...], ...]
    """Counts, first rater by row."""
    value: float | None = None
    interval: Interval | None = None

    @property
    def few(self) -> str:
        """``too few pairs (3)`` where the value has no interval for that; else empty."""
        return few(self.pairs) if self.value is not None else ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Several raters: Cohen by two of them, Fleiss and Krippendorff over all."""

    raters: tuple[str, ...]
    cohen: Mapping[tuple[str, str], Kappa]
    fleiss: float | None
    """On the pairs that everyone judged."""
    fleiss_pairs: int
    krippendorff: float | None
    """On all pairs that at least two judged."""
    krippendorff_pairs: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """The cut on a judge's scores that agrees best with people."""

    least: float
    """Rows that score this or more are kept."""
    kappa: float
    same: int
    rows: int
    by_cut: Mapping[float, float]
    """Kappa at each possible cut."""


def kappa(first: Verdicts, second: Verdicts, *, seed: int = 0) -> Kappa:
    """Cohen's kappa on the pairs that both judged, its interval by drawing pairs again.

    Where all verdicts are the same, so are all draws: then the interval goes down to the
    kappa of the lowest share of same verdicts that as many pairs leave open (Clopper-Pearson).

    >>> kappa({"1": "a", "2": "b", "3": "tie"}, {"1": "a", "2": "b", "3": "b"}).same
    2
    """
    both = [
        (CLASSES.index(x), CLASSES.index(y))
        for key, value in first.items()
        if (x := class_of(value)) and (y := class_of(second.get(key, "")))
    ]
    codes = np.array([3 * x + y for x, y in both], dtype=np.intp)
    counts = np.bincount(codes, minlength=9).reshape(3, 3)
    table = tuple(tuple(int(n) for n in row) for row in counts)
    same = int(np.trace(counts))
    value = _kappa(counts)
    if value is None or len(both) < ENOUGH:
        return Kappa(len(both), same, table, value)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES):
        drawn = codes[rng.integers(len(codes), size=len(codes))]
        again = _kappa(np.bincount(drawn, minlength=9).reshape(3, 3))
        if again is not None:
            found.append(again)
    low, high = np.percentile(found, (2.5, 97.5)) if found else (value, value)
    if same == len(both):
        chance = float(cohen_kappa(counts).chance)
        low = (share_interval(same, same)[0] - chance) / (1 - chance)
    return Kappa(len(both), same, table, value, Interval(float(low), float(high)))


def few(pairs: int) -> str:
    """``too few pairs (3)`` where agreement on so many says nothing; else empty."""
    return f"too few pairs ({pairs})" if pairs < ENOUGH else ""


def _kappa(counts: np.ndarray) -> float | None:
    try:
        return float(cohen_kappa(counts))
    except ValueError:  # no pairs, or one class alone
        return None


def agreement(votes: Mapping[str, Verdicts]) -> Agreement | None:
    """How far the raters agree; ``None`` with fewer than two."""
    raters = tuple(votes)
    if len(raters) < 2:
        return None
    pairs = list(dict.fromkeys(key for own in votes.values() for key in own))
    ratings = [[class_of(votes[rater].get(key, "")) for key in pairs] for rater in raters]
    units = [column for column in zip(*ratings, strict=True) if None not in column]
    counts = [[column.count(name) for name in CLASSES] for column in units]
    try:
        alpha: float | None = float(krippendorff_alpha(ratings))
    except ValueError:
        alpha = None
    try:
        fleiss: float | None = float(fleiss_kappa(counts)) if counts else None
    except ValueError:
        fleiss = None
    cohen = {(a, b): kappa(votes[a], votes[b]) for a, b in combinations(raters, 2)}
    twice = sum(len(column) - column.count(None) > 1 for column in zip(*ratings, strict=True))
    return Agreement(raters, cohen, fleiss, len(counts), alpha, twice)


def bar(people: Agreement | None, repeats: Kappa) -> tuple[float, str]:
    """The kappa that a judge must reach to rank alone, and where that comes from.

    As well as people agree with each other, else with themselves; a judge cannot be asked
    for more, and never for less than what is called moderate.
    """
    if people is not None:
        known = [k.value for k in people.cohen.values() if k.value is not None]
        enough = max((k.pairs for k in people.cohen.values()), default=0) >= ENOUGH
        if known and enough:
            return _least(float(np.mean(known)), "as well as people agree with each other")
    if repeats.value is not None and repeats.pairs >= ENOUGH:
        return _least(repeats.value, "as well as you agree with yourself")
    return USUAL, "the usual bar"


def _least(value: float, why: str) -> tuple[float, str]:
    """Whoever disagrees with everybody sets no bar."""
    return (value, why) if value >= LEAST else (LEAST, "people agree less than that themselves")


def choose_threshold(scores: Sequence[float], kept: Sequence[bool]) -> Threshold | None:
    """The cut on ``scores`` whose verdicts agree best with those of people.

    ``kept[i]`` says whether a person kept row i. ``None`` where people kept all or none, or
    all scores are equal. Of equally good cuts the highest is taken.

    >>> choose_threshold([1, 2, 4, 5], [False, False, True, True]).least
    4
    """
    if len(scores) != len(kept):
        raise ValueError("one score and one verdict for each row")
    cuts = sorted(set(scores))[1:]
    if not cuts or len(set(kept)) < 2:
        return None
    found: dict[float, tuple[float, int]] = {}
    for cut in cuts:
        counts = np.zeros((2, 2))
        for score, good in zip(scores, kept, strict=True):
            counts[int(good), int(score >= cut)] += 1
        value = _kappa(counts)
        found[cut] = (value if value is not None else 0.0, int(np.trace(counts)))
    best = max(found, key=lambda cut: (found[cut][0], cut))
    by_cut = {cut: value for cut, (value, _) in found.items()}
    return Threshold(best, found[best][0], found[best][1], len(kept), by_cut)


def words(value: float) -> str:
    """Landis and Koch's word for a kappa."""
    steps = (0.0, "No agreement"), (0.2, "Slight"), (0.4, "Fair"), (0.6, "Moderate")
    for top, word in (*steps, (0.8, "Substantial")):
        if value <= top:
            return word
    return "Almost perfect"
