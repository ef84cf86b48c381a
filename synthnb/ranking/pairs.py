"""Which pairs are shown, in which order, on which side: by seed, blind, some of them twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from synthnb.ranking.items import Items, Unit

__all__ = ["PAIRS", "Pair", "Shown", "choose", "schedule"]

PAIRS = 60
"""Pairs that are chosen where nobody says how many."""
EVERY = 6
"""One pair of so many is shown twice, its sides swapped."""
APART = 5
"""Pairs between the two at least, where there are as many."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one question; ``a`` and ``b`` are places among its options."""

    unit: str
    a: int
    b: int

    @property
    def id(self) -> str:
        """Stable: the same pair for every rater."""
        return f"{self.unit}:{self.a}-{self.b}"

    @property
    def turned(self) -> bool:
        """A coin that falls alike for everyone. Agreement is counted on sides by this coin:
        were ``a`` always the likelier winner, chance alone would seem to explain it."""
        return bool(_draw("coin", self.id) & 1)


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair as one rater sees it."""

    pair: Pair
    swapped: bool
    """``b`` stands on the left."""
    again: bool = False
    """It was shown before, the other way round."""

    @property
    def id(self) -> str:
        """Key of the verdict."""
        return f"{self.pair.id}:again" if self.again else self.pair.id

    def sides(self, verdict: str) -> str:
        """``left`` and ``right`` as ``a`` and ``b`` or back; other verdicts as they are."""
        first, second = ("b", "a") if self.swapped else ("a", "b")
        known = {"left": first, "right": second, first: "left", second: "right"}
        return known.get(verdict, verdict)


def _draw(*parts: object) -> int:
    text = "\0".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def choose(items: Items, n: int | None = None, seed: int = 0) -> list[Pair]:
    """``n`` pairs by seed (at most all): every question once before any comes twice, every
    two systems about equally often. Pairs of equal answers are left out."""
    order = sorted(items.units, key=lambda unit: _draw(seed, "unit", unit.id))
    lists = [_of(unit, turn) for turn, unit in enumerate(order)]
    rounds = max((len(pairs) for pairs in lists), default=0)
    every = [pairs[i] for i in range(rounds) for pairs in lists if i < len(pairs)]
    return every[: PAIRS if n is None else n]


def _of(unit: Unit, turn: int) -> list[Pair]:
    """Pairs of one question, beginning with another two systems at each turn."""
    texts = [option.text for option in unit.options]
    pairs = list(combinations(range(len(texts)), 2))
    turned = pairs[turn % len(pairs) :] + pairs[: turn % len(pairs)] if pairs else []
    return [Pair(unit.id, a, b) for a, b in turned if texts[a] != texts[b]]


def schedule(
    pairs: Sequence[Pair], rater: str = "", seed: int = 0, every: int = EVERY
) -> list[Shown]:
    """The pairs in one rater's own order, sides by chance, one in ``every`` shown again with
    its sides swapped. The same seed and rater give the same schedule.

    >>> shown = schedule([Pair(str(i), 0, 1) for i in range(12)], "ann", seed=7)
    >>> len(shown), sum(item.again for item in shown)
    (14, 2)
    """
    order = sorted(pairs, key=lambda pair: _draw(seed, rater, "order", pair.id))
    first = [Shown(p, bool(_draw(seed, rater, "side", p.id) & 1)) for p in order]
    twice = first[: len(first) // every] if every else []
    made = list(first)
    for item in twice:
        again = Shown(item.pair, not item.swapped, again=True)
        room = range(min(made.index(item) + APART + 1, len(made)), len(made) + 1)
        made.insert(room[_draw(seed, rater, "again", item.id) % len(room)], again)
    return made
