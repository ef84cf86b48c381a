"""How much two texts share, on words: quick enough for the display of a batch."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

__all__ = ["READ", "nearest", "ngrams", "words"]

_WORD = re.compile(r"\w+(?:['’]\w+)*")
LIMIT = 2000
"""Texts compared at most; those after are not measured."""
READ = 20_000
"""Characters of a text that charts and map go by."""


def words(text: str) -> list[str]:
    """Lower-case words, apostrophes inside kept."""
    return _WORD.findall(text.lower().replace("’", "'"))


def ngrams(text: str, n: int) -> set[tuple[str, ...]]:
    """All runs of ``n`` words; a shorter text is one run."""
    found = words(text)
    if len(found) < n:
        return {tuple(found)} if found else set()
    return set(zip(*(found[i:] for i in range(n)), strict=False))


def nearest(texts: Sequence[str], n: int = 3) -> list[float]:
    """Highest Jaccard similarity (0 to 1) of each text's word runs to any other text's.

    Only the first ``LIMIT`` texts are compared: the answer may be shorter than ``texts``.

    >>> nearest(["the cat sat on the mat", "the cat sat on the rug", "a dog ran"])
    [0.6, 0.6, 0.0]
    """
    sets = [ngrams(text[:READ], n) for text in texts[:LIMIT]]
    where: dict[tuple[str, ...], list[int]] = defaultdict(list)
    best = [0.0] * len(sets)
    for i, own in enumerate(sets):
        shared: Counter[int] = Counter()
        for gram in own:
            holders = where[gram]
            shared.update(holders[:50])  # a run that all share tells little
            holders.append(i)
        for j, common in shared.items():
            score = common / (len(own) + len(sets[j]) - common)
            if score > best[i]:
                best[i] = score
            if score > best[j]:
                best[j] = score
    return [round(score, 4) for score in best]
