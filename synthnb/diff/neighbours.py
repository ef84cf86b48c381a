"""The nearest other row of each text, and which rows therefore move together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from synthnb.charts.similarity import ngrams

__all__ = ["Links", "neighbours"]

_COMMON = 50
"""A run of words that more texts share tells little."""

Links = frozenset[tuple[int, int]]
"""Places whose numbers depend on each other, the smaller one first."""


def neighbours(
    texts: Sequence[str | None], n: int = 3
) -> tuple[tuple[float | None, ...], Links]:
    """Each text's highest Jaccard similarity of word runs, and links to where it was found.

    Two texts that are nearest to each other have the same number: counting them as two
    would make chance look like a change.

    >>> scores, links = neighbours(["the cat sat on it", "the cat sat on me", "a dog", None])
    >>> scores, sorted(links)
    ((0.5, 0.5, 0.0, None), [(0, 1)])
    """
    sets = [ngrams(text, n) if text else None for text in texts]
    where: dict[tuple[str, ...], list[int]] = defaultdict(list)
    best: list[tuple[float, int]] = [(0.0, -1)] * len(sets)
    for i, own in enumerate(sets):
        shared: Counter[int] = Counter()
        for gram in own or ():
            holders = where[gram]
            shared.update(holders[:_COMMON])
            holders.append(i)
        for j, common in shared.items():
            score = round(common / (len(own or ()) + len(sets[j] or ()) - common), 4)
            best[i] = max(best[i], (score, j))
            best[j] = max(best[j], (score, i))
    alone = sum(own is not None for own in sets) < 2
    scores = tuple(
        None if own is None or alone else score
        for own, (score, _) in zip(sets, best, strict=True)
    )
    found = ((min(i, j), max(i, j)) for i, (_, j) in enumerate(best) if j >= 0)
    return scores, frozenset(found)
