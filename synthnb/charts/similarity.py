"""How much two texts share, on words: quick enough for the display of a batch."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from synthnb.shingles import Shingled, shingle

__all__ = ["READ", "nearest", "nearest_as_checked", "ngrams", "opening", "words"]

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


def opening(texts: Sequence[object]) -> tuple[str, list[int]] | None:
    """The first three words that most texts share, and the places of those texts.

    ``None`` below three texts or two in five; texts of six words or less begin with what
    they say, and are left out.

    >>> opening([f"I am sorry that it broke on day {n}." for n in range(3)] + ["Why?"])
    ('I am sorry', [0, 1, 2])
    """
    starts: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        if isinstance(text, str):
            found = text[:400].split(maxsplit=6)
            if len(found) > 6:
                starts.setdefault(" ".join(found[:3]), []).append(place)
    start, who = max(starts.items(), key=lambda item: len(item[1]), default=("", []))
    return (start, who) if len(who) >= max(3, 0.4 * len(texts)) else None


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


def nearest_as_checked(texts: Sequence[str]) -> list[float]:
    """``nearest`` by the measure of the check ``near_duplicate``: runs of three words, of
    five characters where a text is short or has no spaces.

    >>> nearest_as_checked(["the cat sat on the mat", "the cat sat on the rug", "a dog ran"])
    [0.7143, 0.7143, 0.0]
    """
    by_words, by_characters = shingle([text[:READ] for text in texts[:LIMIT]])
    worded = by_words.sizes > 0
    best = np.zeros(len(worded))
    for sets, wanted in ((by_words, worded), (by_characters, ~worded)):
        first, second, score = _pairs(sets)
        # Of words where both have them, else of characters.
        known = wanted[first] | wanted[second]
        np.maximum.at(best, first[known], score[known])
    return [round(score, 4) for score in best.tolist()]


def _pairs(sets: Shingled) -> tuple[Any, Any, Any]:
    """Every two sets that share a member, both ways round, and how much they share."""
    from scipy.sparse import csr_matrix

    members, codes = np.unique(sets.flat, return_inverse=True)
    rows = np.repeat(np.arange(len(sets.sizes)), sets.sizes)
    shape = len(sets.sizes), max(1, len(members))
    held = csr_matrix((np.ones(len(codes), np.int32), (rows, codes)), shape)
    held.sum_duplicates()
    held.data[:] = 1
    common = (held @ held.T).tocoo()
    other = common.row != common.col
    first, second, shared = common.row[other], common.col[other], common.data[other]
    sizes = np.diff(held.indptr)
    return first, second, shared / (sizes[first] + sizes[second] - shared)
