"""Texts as sets of hashed shingles, many texts at a time.

A text of words is the set of its runs of three words; a short text, or one in a script without
spaces, is the set of its runs of five characters. White space and case do not count.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["PAIRS", "Shingled", "Words", "jaccard", "mixed", "shingle"]

Words: TypeAlias = NDArray[np.uint64]
_Ints: TypeAlias = NDArray[np.int64]

_END = "\x1e"
"""Stands between two texts; white space to Python, so that no word crosses it."""
_RUN, _CHARACTERS = 3, 5
_FEW_WORDS, _LONG_WORD = 8, 16
"""Fewer words than this, or longer ones on average: no text of words."""
_OVERLAP = 1.5
"""How far past those limits a text is shingled both ways, so that two that are much alike
always have one way in common."""

_PAIR_BITS = 20
_PAIR_SHIFT = np.uint64(_PAIR_BITS + 1)
PAIRS = 2**_PAIR_BITS
"""Pairs that ``jaccard`` takes at a time."""

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)
_STEPS = np.array([0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93], np.uint64)
_SPACES = np.array([chr(code).isspace() for code in range(0x3001)] + [False])


@dataclass(frozen=True)
class Shingled:
    """Hashes of shingles in 64 bits, one run of them a text, laid end to end.

    Repeats stay in: they change no set. A text that is not shingled this way has none.
    """

    flat: Words
    sizes: _Ints

    @property
    def starts(self) -> _Ints:
        """Where each text's set begins in ``flat``."""
        return np.cumsum(self.sizes) - self.sizes


def mixed(values: Words) -> Words:
    """Spread every bit of each number over all of it (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * _STEPS[0]
    values = (values ^ (values >> np.uint64(27))) * _STEPS[1]
    return values ^ (values >> np.uint64(31))


class _Powers:
    """Powers of an odd number and of its inverse, modulo 2^64, grown as texts need them."""

    def __init__(self) -> None:
        self._up = np.ones(1, np.uint64)
        self._down = np.ones(1, np.uint64)

    def get(self, size: int) -> tuple[Words, Words]:
        if len(self._up) < size:
            room = max(size, 2 * len(self._up))
            self._up = self._grown(_BASE, room)
            self._down = self._grown(_INVERSE, room)
        return self._up[:size], self._down[:size]

    @staticmethod
    def _grown(base: int, room: int) -> Words:
        powers = np.full(room, base, np.uint64)
        powers[0] = 1
        return np.cumprod(powers, dtype=np.uint64)


_powers = _Powers()


def shingle(texts: Sequence[str]) -> tuple[Shingled, Shingled]:
    """Return the texts as sets of word runs, and as sets of character runs.

    >>> by_words, by_characters = shingle(["one two three four five six seven eight", "short"])
    >>> by_words.sizes.tolist(), by_characters.sizes.tolist()
    ([6, 0], [35, 1])
    """
    codes = _codes(texts)
    space = _SPACES.take(codes, mode="clip")
    # A word begins where no space follows one, and ends where one follows none.
    edges = np.flatnonzero(np.diff(space, prepend=True, append=True))
    starts, ends = edges[0::2], edges[1::2]
    borders = np.flatnonzero(codes == ord(_END))
    words = np.diff(np.searchsorted(starts, np.concatenate(([0], borders, [len(codes)]))))
    letters = np.bincount(
        np.repeat(np.arange(len(texts)), words), weights=ends - starts, minlength=len(texts)
    )
    by_words = (words >= _FEW_WORDS) & (letters <= _LONG_WORD * words)
    by_characters = (words < _OVERLAP * _FEW_WORDS) | (letters > _LONG_WORD / _OVERLAP * words)
    rows = np.flatnonzero(by_characters)
    plain = [" ".join(texts[row].split()).ljust(_CHARACTERS, "\0") for row in rows.tolist()]
    return (
        _word_runs(codes, starts, ends, words, by_words),
        _character_runs(plain, rows, len(texts)),
    )


def _codes(texts: Sequence[str]) -> NDArray[Any]:
    """Return the texts in one array of code points, each ending at ``_END``."""
    joined = _END.join(texts)
    if joined.count(_END) != len(texts) - 1:
        joined = _END.join(text.replace(_END, " ") for text in texts)
    if joined.isascii():
        return np.frombuffer(joined.lower().encode("ascii"), np.uint8)
    joined = unicodedata.normalize("NFKC", joined).casefold()
    order = "le" if sys.byteorder == "little" else "be"
    return np.frombuffer(joined.encode(f"utf-32-{order}", "surrogatepass"), np.uint32)


def _word_runs(
    codes: NDArray[Any], starts: _Ints, ends: _Ints, words: _Ints, wanted: NDArray[np.bool_]
) -> Shingled:
    up, down = _powers.get(len(codes))
    # Sums of code x base^position: the difference of two is a word, scaled by its position.
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum((codes + np.uint64(1)) * up, out=sums[1:])
    hashes = mixed((sums[ends] - sums[starts]) * down[starts])
    if len(hashes) < _RUN:
        return Shingled(np.empty(0, np.uint64), np.zeros(len(words), np.int64))
    runs = mixed(hashes[:-2] * _STEPS[0] + hashes[1:-1] * _STEPS[1] + hashes[2:] * _STEPS[2])
    counts = np.where(wanted, np.maximum(words - _RUN + 1, 0), 0)
    return _sets(runs, np.cumsum(words) - words, counts)


def _character_runs(texts: list[str], rows: _Ints, total: int) -> Shingled:
    sizes = np.zeros(total, np.int64)
    if not texts:
        return Shingled(np.empty(0, np.uint64), sizes)
    codes = _codes(texts).astype(np.uint64)
    borders = np.flatnonzero(codes == ord(_END))
    starts = np.concatenate(([0], borders + 1))
    lengths = np.concatenate((borders, [len(codes)])) - starts
    runs = np.zeros(len(codes) - _CHARACTERS + 1, np.uint64)
    for offset in range(_CHARACTERS):
        runs = (runs + codes[offset : offset + len(runs)]) * np.uint64(_BASE)
    found = _sets(mixed(runs), starts, lengths - _CHARACTERS + 1)
    sizes[rows] = found.sizes
    return Shingled(found.flat, sizes)


def _sets(runs: Words, starts: _Ints, counts: _Ints) -> Shingled:
    """Return ``counts`` runs from each start."""
    rows = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return Shingled(runs[np.repeat(starts, counts) + within], counts)


def jaccard(
    first: Words, first_sizes: _Ints, second: Words, second_sizes: _Ints
) -> NDArray[np.float64]:
    """Return the Jaccard similarity of each pair of sets, both sides laid end to end.

    A pair without a member has similarity 0. Shingles are compared by 43 bits of their hash: in
    one pair in a billion, two different ones count as the same.
    """
    pairs = np.arange(len(first_sizes), dtype=np.uint64)
    shift, side = np.uint64(64 - _PAIR_BITS), np.uint64(1)
    keys = np.concatenate(
        (
            (np.repeat(pairs, first_sizes) << shift) | ((first >> _PAIR_SHIFT) << side),
            (np.repeat(pairs, second_sizes) << shift)
            | ((second >> _PAIR_SHIFT) << side)
            | side,
        )
    )
    keys.sort()
    keys = keys[np.concatenate(([True], keys[1:] != keys[:-1]))] if len(keys) else keys
    both = keys[1:][(keys[1:] >> side) == (keys[:-1] >> side)]
    members = np.bincount((keys >> shift).astype(np.int64), minlength=len(pairs))
    common = np.bincount((both >> shift).astype(np.int64), minlength=len(pairs))
    similarity: NDArray[np.float64] = common / np.maximum(members - common, 1)
    return similarity
