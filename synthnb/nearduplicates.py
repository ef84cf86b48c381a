"""Near duplicates among many texts: MinHash finds candidates, exact Jaccard decides.

A pair is a near duplicate if and only if the Jaccard similarity of its shingle sets is at or
above the threshold; MinHash misses fewer than 2 in 1,000 of the pairs right at it, and less
above. Memory grows by about 0.6 kB per kept text of fifty words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthnb.shingles import PAIRS, Shingled, Words, jaccard, mixed, shingle

__all__ = ["Match", "NearDuplicateIndex", "near_duplicates"]

_Ints: TypeAlias = NDArray[np.int64]

_BLOCK, _BLOCK_SIZE = 4096, 4_000_000
"""Texts, and characters in all, worked on at a time."""
_MISS = 0.002
"""Share of pairs right at the threshold that no band may find."""
_MOST_HASHES = 64
_FEW_KEYS = 512
"""Up to so many keys at a time go through the dict."""
_MOST_WAITING = 50_000
_ROW_BITS = 40
_NEIGHBOURS = 16
"""Candidates taken from each end of a bucket: a bucket of thousands holds boilerplate."""


class Match(NamedTuple):
    """An earlier text that is nearly the same."""

    row: int
    """Number of the earlier text, in the order the texts were given."""
    similarity: float
    """Exact Jaccard similarity of the two sets of shingles."""


def near_duplicates(texts: Iterable[str], threshold: float = 0.8) -> dict[int, Match]:
    """Return, for each text that nearly repeats an earlier one, which and how nearly.

    The texts that are not in the result are the ones to keep. ``texts`` is read once and not
    held.

    >>> a = "the quick brown fox jumps over the lazy dog by the river"
    >>> near_duplicates([a, "something else", a.upper(), a + " bank"])
    {2: Match(row=0, similarity=1.0), 3: Match(row=0, similarity=0.9090909090909091)}
    """
    return dict(NearDuplicateIndex(threshold).extend(texts))


class NearDuplicateIndex:
    """Texts to compare others with, added one by one or in bulk.

    >>> index = NearDuplicateIndex(threshold=0.7)
    >>> index.add("one two three four five six seven eight nine ten")
    0
    >>> index.query("one two three four five six seven eight nine ten!")
    Match(row=0, similarity=0.7777777777777778)
    """

    def __init__(self, threshold: float = 0.8) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold must be above 0 and at most 1, got {threshold}")
        self.threshold = threshold
        self._bands, self._width = _bands(threshold)
        rng = np.random.default_rng(20261)
        count = self._bands * self._width
        self._factors = rng.integers(0, 2**32, count, dtype=np.uint32) | np.uint32(1)
        self._salts = rng.integers(0, 2**63, (2, self._bands)).astype(np.uint64)
        self._sets = (_Sets(), _Sets())
        self._rows: list[int] = []
        self._buckets = _Buckets()
        self._seen = 0
        self._last: tuple[str, _Block] | None = None

    def __len__(self) -> int:
        """Return the number of texts to compare with."""
        return len(self._rows)

    def add(self, text: str) -> int:
        """Add one text and return its number: how many texts were given before it."""
        self._add(self._single(text), [0])
        self._seen += 1
        return self._seen - 1

    def query(self, text: str) -> Match | None:
        """Return the nearest text at or above the threshold, ``None`` without one."""
        return self._known(self._single(text)).get(0)

    def _single(self, text: str) -> _Block:
        # A text is mostly asked for and then added: hash it once.
        if self._last is None or self._last[0] != text:
            self._last = (text, _Block(self, [text]))
        return self._last[1]

    def extend(self, texts: Iterable[str]) -> Iterator[tuple[int, Match]]:
        """Add texts and yield (number, match) of each that nearly repeats one before it.

        An exact repetition is not added again: it would find nothing that the first does not.
        """
        if isinstance(texts, str):
            raise ValueError("expected a list of texts, got one text")
        for rows in _blocks(texts):
            block = _Block(self, rows)
            matches = self._nearest(block)
            new = [
                row
                for row in range(len(rows))
                if row not in matches or matches[row].similarity < 1
            ]
            self._add(block, new)
            first = self._seen
            self._seen += len(rows)
            yield from ((first + row, matches[row]) for row in sorted(matches))

    def matches(self, texts: Iterable[str]) -> Iterator[tuple[int, Match]]:
        """Yield (number, match) of each text that nearly repeats an added one; adds none.

        >>> index = NearDuplicateIndex()
        >>> index.add("the quick brown fox jumps over the lazy dog")
        0
        >>> list(index.matches(["a new text", "The quick brown fox jumps over the lazy dog"]))
        [(1, Match(row=0, similarity=1.0))]
        """
        first = 0
        for rows in _blocks(texts):
            found = self._known(_Block(self, rows))
            yield from ((first + row, found[row]) for row in sorted(found))
            first += len(rows)

    def _nearest(self, block: _Block) -> dict[int, Match]:
        """Return the nearest earlier text, in the block or before it, of each row."""
        matches = self._known(block)
        earlier, later = block.pairs()
        similar = self._similar(block.sets, earlier, block.sets, later)
        near = similar >= self.threshold
        for first, second, value in zip(
            earlier[near].tolist(), later[near].tolist(), similar[near].tolist(), strict=True
        ):
            if second not in matches or matches[second].similarity < value:
                matches[second] = Match(self._seen + first, value)
        return matches

    def _known(self, block: _Block) -> dict[int, Match]:
        """Return the nearest added text of each row of the block that has one."""
        rows, places = self._buckets.find(block.keys, block.owners)
        similar = self._similar(block.sets, rows, self._sets, places)
        best: dict[int, Match] = {}
        near = np.flatnonzero(similar >= self.threshold)
        for row, place, value in zip(
            rows[near].tolist(), places[near].tolist(), similar[near].tolist(), strict=True
        ):
            if row not in best or best[row].similarity < value:
                best[row] = Match(self._rows[place], value)
        return best

    def _similar(
        self,
        first: tuple[_Sets, _Sets],
        first_rows: _Ints,
        second: tuple[_Sets, _Sets],
        second_rows: _Ints,
    ) -> NDArray[np.float64]:
        similar = np.zeros(len(first_rows))
        for start in range(0, len(first_rows), PAIRS // 16):
            part = slice(start, start + PAIRS // 16)
            a, b = first_rows[part], second_rows[part]
            words = first[0].has(a) & second[0].has(b)
            for kind, wanted in ((0, words), (1, ~words)):
                chosen = np.flatnonzero(wanted)
                if not len(chosen):
                    continue
                values = jaccard(*first[kind].take(a[chosen]), *second[kind].take(b[chosen]))
                similar[start + chosen] = values
        return similar

    def _add(self, block: _Block, rows: list[int]) -> None:
        if not rows:
            return
        kept = np.array(rows, np.int64)
        places = np.full(block.size, -1, np.int64)
        places[kept] = np.arange(len(self._rows), len(self._rows) + len(kept))
        for own, new in zip(self._sets, block.sets, strict=True):
            own.extend(*new.take(kept))
        self._rows += (kept + self._seen).tolist()
        owners = places[block.owners]
        self._buckets.add(block.keys[owners >= 0], owners[owners >= 0])

    def band_keys(self, sets: Shingled, kind: int) -> tuple[Words, _Ints]:
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


def _blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    """Cut into lists that are bounded in texts and in characters."""
    rows: list[str] = []
    size = 0
    for text in texts:
        rows.append(text)
        size += len(text)
        if len(rows) >= _BLOCK or size >= _BLOCK_SIZE:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


class _Block:
    """Some texts, shingled and hashed, not yet added."""

    def __init__(self, index: NearDuplicateIndex, texts: Sequence[str]) -> None:
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("every text must be a string")
        shingled = shingle(texts)
        self.size = len(texts)
        self.sets = (_Sets(shingled[0]), _Sets(shingled[1]))
        found = [index.band_keys(sets, kind) for kind, sets in enumerate(shingled)]
        keys = np.concatenate([keys for keys, _ in found])
        owners = np.concatenate([owners for _, owners in found])
        # By key, then row: what a bucket holds stands together, oldest first.
        order = np.argsort(keys, kind="stable")
        self.keys, self.owners = keys[order], owners[order]

    def pairs(self) -> tuple[_Ints, _Ints]:
        """Return pairs of rows (earlier, later) that share a bucket, each pair once."""
        found: list[_Ints] = []
        new = np.concatenate(([True], self.keys[1:] != self.keys[:-1]))
        first = np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))
        position = np.arange(len(new)) - first
        for offset in range(1, _NEIGHBOURS + 1):
            later = np.flatnonzero(position >= offset)
            if not len(later):
                break
            found.append(self.owners[later - offset] * self.size + self.owners[later])
            head = first[later] + offset - 1
            found.append(self.owners[head] * self.size + self.owners[later])
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        codes = np.concatenate(found)
        codes.sort()
        codes = codes[np.concatenate(([True], codes[1:] != codes[:-1]))]
        earlier, later = np.divmod(codes, self.size)
        apart = earlier < later
        return earlier[apart], later[apart]


class _Sets:
    """Shingle sets by row, in arrays with room to grow."""

    def __init__(self, sets: Shingled | None = None) -> None:
        self._flat = sets.flat if sets else np.empty(0, np.uint64)
        self._starts = sets.starts if sets else np.empty(0, np.int64)
        self._sizes = sets.sizes if sets else np.empty(0, np.int64)
        self._used, self._rows = len(self._flat), len(self._sizes)

    def has(self, rows: _Ints) -> NDArray[np.bool_]:
        """Say which rows have a set of this kind."""
        return self._sizes[rows] > 0

    def take(self, rows: _Ints) -> tuple[Words, _Ints]:
        """Return the sets of these rows, laid end to end, and their sizes."""
        sizes = self._sizes[rows]
        within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self._flat[np.repeat(self._starts[rows], sizes) + within], sizes

    def extend(self, flat: Words, sizes: _Ints) -> None:
        """Add rows after the last."""
        used, rows = self._used + len(flat), self._rows + len(sizes)
        if used > len(self._flat):
            wider = np.empty(used + used // 3, np.uint64)
            wider[: self._used] = self._flat[: self._used]
            self._flat = wider
        if rows > len(self._sizes):
            self._sizes = _grown(self._sizes, rows)
            self._starts = _grown(self._starts, rows)
        self._flat[self._used : used] = flat
        self._sizes[self._rows : rows] = sizes
        self._starts[self._rows : rows] = self._used + np.cumsum(sizes) - sizes
        self._used, self._rows = used, rows


def _grown(values: _Ints, size: int) -> _Ints:
    wider = np.empty(size + size // 3, np.int64)
    wider[: len(values)] = values
    return wider


class _Buckets:
    """Band keys to rows: sorted runs that merge as they grow, and a dict of the newest."""

    def __init__(self) -> None:
        self._runs: list[tuple[Words, _Ints]] = []
        self._newest: dict[int, list[int]] = {}
        self._waiting = 0

    def add(self, keys: Words, rows: _Ints) -> None:
        """Add rows under their keys, which are sorted."""
        if len(keys) > _FEW_KEYS:
            self._settle()
            self._push(keys, rows)
            return
        for key, row in zip(keys.tolist(), rows.tolist(), strict=True):
            self._newest.setdefault(key, []).append(row)
        self._waiting += len(keys)
        if self._waiting > _MOST_WAITING:
            self._settle()

    def find(self, keys: Words, owners: _Ints) -> tuple[_Ints, _Ints]:
        """Return (owner, row) of every row that shares a key with an owner, each pair once.

        Of a bucket, only some rows from each end are taken.
        """
        if len(keys) > _FEW_KEYS:
            self._settle()
        found: list[_Ints] = []
        for run, rows in self._runs:
            left = np.searchsorted(run, keys, "left")
            hit = np.flatnonzero(run.take(left, mode="clip") == keys)
            if not len(hit):
                continue
            left, asking = left[hit], owners[hit] << _ROW_BITS
            right = np.searchsorted(run, keys[hit], "right")
            for offset in range(_NEIGHBOURS):
                held = np.flatnonzero(left + offset < right)
                if not len(held):
                    break
                for places in (left[held] + offset, right[held] - 1 - offset):
                    found.append(asking[held] | rows[places])
        if self._newest:
            get = self._newest.get
            for key, owner in zip(keys.tolist(), owners.tolist(), strict=True):
                if bucket := get(key):
                    ends = bucket[:_NEIGHBOURS] + bucket[-_NEIGHBOURS:]
                    found.append((owner << _ROW_BITS) | np.array(ends, np.int64))
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        pairs = np.concatenate(found)
        pairs.sort()
        pairs = pairs[np.concatenate(([True], pairs[1:] != pairs[:-1]))]
        return pairs >> _ROW_BITS, pairs & (2**_ROW_BITS - 1)

    def _settle(self) -> None:
        """Turn the newest rows into a run."""
        if not self._newest:
            return
        keys = np.fromiter(self._newest, np.uint64, len(self._newest))
        counts = [len(rows) for rows in self._newest.values()]
        rows = np.array([row for rows in self._newest.values() for row in rows], np.int64)
        keys = np.repeat(keys, counts)
        self._newest, self._waiting = {}, 0
        order = np.argsort(keys, kind="stable")
        self._push(keys[order], rows[order])

    def _push(self, keys: Words, rows: _Ints) -> None:
        self._runs.append((keys, rows))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            (old_keys, old_rows), (new_keys, new_rows) = self._runs[-2:]
            keys = np.concatenate((old_keys, new_keys))
            order = np.argsort(keys, kind="stable")  # two sorted halves: one merge
            rows = np.concatenate((old_rows, new_rows))[order]
            self._runs[-2:] = [(keys[order], rows)]
