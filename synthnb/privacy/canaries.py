"""Canaries: unique strings planted in source rows, looked for in what comes out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from synthnb.samplers.draws import permuted, uniform
from synthnb.types import JSON, Row

__all__ = ["Canaries", "exposure"]

_LETTERS = "bcdfghjklmnpqrstvwxz"
_CARRIER = " The reference is {canary}."


@dataclass(frozen=True)
class Canaries:
    """``n`` strings that stand nowhere else, and the rows that they are planted in.

    >>> canaries = Canaries.make(2, rows=5, seed=7)
    >>> rows = [{"note": "A short note."} for _ in range(5)]
    >>> planted = [canaries.plant(i, row, "note") for i, row in enumerate(rows)]
    >>> sum(row["note"] != "A short note." for row in planted)
    2
    >>> canaries.found_in([planted[canaries.places[1]]["note"]]) == {canaries.texts[1]: [0]}
    True
    """

    texts: tuple[str, ...]
    places: tuple[int, ...]
    """Position of the row that carries each."""
    _by_place: dict[int, str] = field(default_factory=dict, repr=False)

    @classmethod
    def make(cls, n: int, *, rows: int, seed: int = 0) -> Canaries:
        """``n`` canaries (at most one a row) for a source of ``rows`` rows."""
        count = min(n, rows)
        places = tuple(permuted(place, rows, seed, "canary") for place in range(count))
        texts = tuple(_text(seed, place) for place in range(count))
        return cls(texts, places, dict(zip(places, texts, strict=True)))

    def plant(self, index: int, row: Row, column: str) -> Row:
        """The row with its canary at the end of ``column``, if it carries one."""
        canary = self._by_place.get(index)
        if canary is None:
            return row
        return {**row, column: f"{row.get(column) or ''}{_CARRIER.format(canary=canary)}"}

    def found_in(self, texts: Iterable[str]) -> dict[str, list[int]]:
        """Canaries that came out, with the positions of the texts that say them."""
        found: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            folded = text.casefold()
            for canary in self.texts:
                if canary in folded:
                    found.setdefault(canary, []).append(place)
        return found

    def verdict(self, texts: Sequence[str]) -> str:
        """One line: what came out, or how little the silence proves."""
        found = self.found_in(texts)
        if found:
            return (
                f"{len(found)} of {len(self.texts)} canaries came out: source text is copied."
            )
        most = min(1.0, 3 / max(1, len(self.texts)))
        return (
            f"None of {len(self.texts)} canaries came out in {len(texts):,} rows: up to "
            f"{most:.0%} of rows like them may still be copied (rule of three)."
        )


def exposure(rank: int, candidates: int) -> float:
    """Bits by which a canary stands out: log2 of candidates less log2 of its rank.

    >>> round(exposure(1, 1_000_000), 2)
    19.93
    """
    if not 1 <= rank <= candidates:
        raise ValueError("the rank lies between 1 and the number of candidates")
    return math.log2(candidates) - math.log2(rank)


def _text(seed: int, place: int) -> str:
    draws = [uniform(seed, "canary", place, position) for position in range(12)]
    letters = "".join(_LETTERS[int(draw * len(_LETTERS))] for draw in draws)
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def text_column(row: dict[str, JSON]) -> str | None:
    """The column with the longest text, where a canary is least odd."""
    texts = {name: len(value) for name, value in row.items() if isinstance(value, str)}
    return max(texts, key=texts.__getitem__) if texts else None
