"""Texts to the keys of their buckets: MinHash in bands, many texts at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthnb.nearduplicates.held import NEIGHBOURS, Sets, distinct
from synthnb.shingles import Shingled, Words, mixed, shingle

__all__ = ["Bands", "Block", "cut"]

_Ints: TypeAlias = NDArray[np.int64]

_BLOCK, _BLOCK_SIZE = 4096, 4_000_000
"""Texts, and characters in all, worked on at a time."""
_MISS = 0.002
"""Share of pairs right at the threshold that no band may find."""
_MOST_HASHES = 64


class Bands:
    """The hash functions of one index."""

    def __init__(self, threshold: float) -> None:
        self._bands, self._width = _bands(threshold)
        rng = np.random.default_rng(20261)
        count = self._bands * self._width
        self._factors = rng.integers(0, 2**32, count, dtype=np.uint32) | np.uint32(1)
        self._salts = rng.integers(0, 2**63, (2, self._bands)).astype(np.uint64)

    def keys(self, sets: Shingled, kind: int) -> tuple[Words, _Ints]:
        """Return the bucket of every band of every text that has shingles, and its row."""
        rows = np.flatnonzero(sets.sizes)
        if not len(rows):
            return np.empty(0, np.uint64), np.empty(0, np.int64)
        least = self._least((sets.flat >> np.uint64(32)).astype(np.uint32), sets.starts[rows])
        keys = np.repeat(self._salts[kind][:, None], len(rows), axis=1)
        for step in range(self._width):
            keys = mixed(keys ^ least[step :: self._width])
        return keys.ravel(), np.tile(rows, self._bands)

    def _least(self, hashes: NDArray[np.uint32], starts: _Ints) -> NDArray[np.uint32]:
        """Return the least hash of every text under every permutation, (hashes, texts)."""
        if len(starts) < 16:
            every = hashes * self._factors[:, None]
            return np.minimum.reduceat(every, starts, axis=1)
        least = np.empty((len(self._factors), len(starts)), np.uint32)
        scratch = np.empty_like(hashes)
        for row, factor in enumerate(self._factors):
            np.multiply(hashes, factor, out=scratch)
            np.minimum.reduceat(scratch, starts, out=least[row])
        return least


def _bands(threshold: float) -> tuple[int, int]:
    """Return bands and their width: the widest that misses few enough at the threshold."""
    for width in range(6, 0, -1):
        chance = threshold**width
        bands = math.ceil(math.log(_MISS) / math.log1p(-chance)) if chance < 1 else 1
        if bands * width <= _MOST_HASHES:
            return bands, width
    return _MOST_HASHES, 1


def cut(texts: Iterable[str], characters: int = _BLOCK_SIZE) -> Iterator[list[str]]:
    """Cut into lists that are bounded in texts and in characters."""
    rows: list[str] = []
    size = 0
    for text in texts:
        rows.append(text)
        size += len(text)
        if len(rows) >= _BLOCK or size >= characters:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


class Block:
    """Some texts, shingled and hashed, not yet added."""

    def __init__(self, bands: Bands, texts: Sequence[str]) -> None:
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("every text must be a string")
        shingled = shingle(texts)
        self.size = len(texts)
        self.sets = (Sets(shingled[0]), Sets(shingled[1]))
        found = [bands.keys(sets, kind) for kind, sets in enumerate(shingled)]
        keys = np.concatenate([keys for keys, _ in found])
        owners = np.concatenate([owners for _, owners in found])
        # By key, then row: what a bucket holds stands together, oldest first.
        order = np.argsort(keys, kind="stable")
        self.keys, self.owners = keys[order], owners[order]

    @property
    def first(self) -> NDArray[np.bool_]:
        """Which keys are the first of their bucket."""
        return np.concatenate(([True], self.keys[1:] != self.keys[:-1]))[: len(self.keys)]

    def pairs(self) -> tuple[_Ints, _Ints]:
        """Return pairs of rows (earlier, later) that share a bucket, each pair once.

        Of a bucket, a row meets ``NEIGHBOURS`` just before it and as many at the start.
        """
        found: list[_Ints] = []
        first = np.maximum.accumulate(np.where(self.first, np.arange(len(self.keys)), 0))
        position = np.arange(len(first)) - first
        for offset in range(1, NEIGHBOURS + 1):
            later = np.flatnonzero(position >= offset)
            if not len(later):
                break
            found.append(self.owners[later - offset] * self.size + self.owners[later])
            head = first[later] + offset - 1
            found.append(self.owners[head] * self.size + self.owners[later])
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        codes = distinct(np.concatenate(found))
        earlier, later = np.divmod(codes, self.size)
        apart = earlier < later
        return earlier[apart], later[apart]
