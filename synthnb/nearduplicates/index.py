"""The index: texts that were added, asked which of them a new text repeats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthnb.nearduplicates.hashing import Bands, Block, cut
from synthnb.nearduplicates.held import NEIGHBOURS, Buckets, Sets
from synthnb.shingles import PAIRS, jaccard

__all__ = ["Compared", "Match", "NearDuplicateIndex", "near_duplicates"]

_Ints: TypeAlias = NDArray[np.int64]

_TOGETHER = 4_000_000
"""Shingles compared at a time."""


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

    ``told`` is a similarity below the threshold from which on a match is returned as well;
    the further below, the more of those are missed.
    """

    def __init__(self, threshold: float = 0.8, told: float | None = None) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold must be above 0 and at most 1, got {threshold}")
        self.threshold = threshold
        self._told = threshold if told is None else min(told, threshold)
        self._bands = Bands(threshold)
        self._sets = (Sets(), Sets())
        self._rows: list[int] = []
        self._buckets = Buckets()
        self._number = count()
        self._open: Compared | None = None

    def __len__(self) -> int:
        """Return the number of texts to compare with."""
        self._settle()
        return len(self._rows)

    def add(self, text: str) -> int:
        """Add one text and return its number: how many texts were given before it."""
        return self._single(text).keep(0)

    def query(self, text: str) -> Match | None:
        """Return the nearest text at or above the threshold, ``None`` without one."""
        return self._single(text).nearest(0)

    def _single(self, text: str) -> Compared:
        # A text is mostly asked for and then added: hash it once.
        last = self._open
        if last is None or last.texts != [text] or last.kept:
            last = self.compare([text])
        return last

    def compare(self, texts: Sequence[str]) -> Compared:
        """Look some texts up at once, to be decided in their order.

        What comes of it is what ``query`` and ``add`` would give one by one, at a fraction
        of their time. It is open until the index is asked for anything else.

        >>> index = NearDuplicateIndex()
        >>> asked = index.compare(["the quick brown fox jumps over the lazy dog"] * 2)
        >>> asked.nearest(1)
        >>> asked.keep(0)
        0
        >>> asked.nearest(1)
        Match(row=0, similarity=1.0)
        """
        self._settle()
        block = Block(self._bands, texts)
        known, held = self._known(block)
        self._open = Compared(list(texts), block, known, held, self._told, self._number)
        return self._open

    def _settle(self) -> None:
        """Add what was kept of the texts compared last."""
        if self._open is not None:
            done, self._open = self._open, None
            done.closed = True
            rows = sorted(done.kept)
            slots = np.array(sorted(done.slots), np.int64)
            self._add(done.block, rows, [done.kept[row] for row in rows], slots)

    def extend(self, texts: Iterable[str]) -> Iterator[tuple[int, Match]]:
        """Add texts and yield (number, match) of each that nearly repeats one before it.

        An exact repetition is not added again: it would find nothing that the first does not.
        """
        if isinstance(texts, str):
            raise ValueError("expected a list of texts, got one text")
        self._settle()
        for rows in cut(texts):
            block = Block(self._bands, rows)
            numbers = list(islice(self._number, len(rows)))
            matches = self._nearest(block, numbers)
            new = [
                row
                for row in range(len(rows))
                if row not in matches or matches[row].similarity < 1
            ]
            self._add(block, new, [numbers[row] for row in new])
            yield from ((numbers[row], matches[row]) for row in sorted(matches))

    def matches(self, texts: Iterable[str]) -> Iterator[tuple[int, Match]]:
        """Yield (number, match) of each text that nearly repeats an added one; adds none.

        >>> index = NearDuplicateIndex()
        >>> index.add("the quick brown fox jumps over the lazy dog")
        0
        >>> list(index.matches(["a new text", "The quick brown fox jumps over the lazy dog"]))
        [(1, Match(row=0, similarity=1.0))]
        """
        first = 0
        for rows in cut(texts):
            self._settle()
            found, _ = self._known(Block(self._bands, rows))
            yield from ((first + row, found[row]) for row in sorted(found))
            first += len(rows)

    def _nearest(self, block: Block, numbers: list[int]) -> dict[int, Match]:
        """Return the nearest earlier text, in the block or before it, of each row."""
        matches, _ = self._known(block)
        earlier, later = block.pairs()
        similar = _similar(block.sets, earlier, block.sets, later)
        near = similar >= self._told
        for first, second, value in zip(
            earlier[near].tolist(), later[near].tolist(), similar[near].tolist(), strict=True
        ):
            if second not in matches or matches[second].similarity < value:
                matches[second] = Match(numbers[first], value)
        return matches

    def _known(self, block: Block) -> tuple[dict[int, Match], _Ints]:
        """Return the nearest added text of each row of the block that has one, and how many
        rows each of its keys holds."""
        rows, places, held = self._buckets.find(block.keys, block.owners)
        similar = _similar(block.sets, rows, self._sets, places)
        best: dict[int, Match] = {}
        near = np.flatnonzero(similar >= self._told)
        for row, place, value in zip(
            rows[near].tolist(), places[near].tolist(), similar[near].tolist(), strict=True
        ):
            if row not in best or best[row].similarity < value:
                best[row] = Match(self._rows[place], value)
        return best, held

    def _add(
        self, block: Block, rows: list[int], numbers: list[int], slots: _Ints | None = None
    ) -> None:
        """Add rows of the block under their numbers; into some of their buckets, or all."""
        if not rows:
            return
        kept = np.array(rows, np.int64)
        places = np.full(block.size, -1, np.int64)
        places[kept] = np.arange(len(self._rows), len(self._rows) + len(kept))
        for own, new in zip(self._sets, block.sets, strict=True):
            own.extend(*new.take(kept))
        self._rows += numbers
        if slots is None:
            slots = np.flatnonzero(places[block.owners] >= 0)
        self._buckets.add(block.keys[slots], places[block.owners[slots]])


class Compared:
    """Texts looked up together: each is asked for its nearest, then kept or not, in order.

    A bucket takes no more rows once it holds ``2 * NEIGHBOURS``, all of which are looked at:
    so what is found does not hang on how the texts were cut into blocks.
    """

    def __init__(
        self,
        texts: list[str],
        block: Block,
        known: dict[int, Match],
        held: _Ints,
        told: float,
        number: Iterator[int],
    ) -> None:
        self.texts, self.block = texts, block
        self.kept: dict[int, int] = {}
        """Numbers of the texts that were kept, by their place among those compared."""
        self.slots: list[int] = []
        """Where in the block stand the buckets that took a kept text."""
        self.closed = False
        self._known, self._told, self._number = known, told, number
        self._bucket = (np.cumsum(block.first) - 1).tolist()
        self._room = (2 * NEIGHBOURS - held[block.first]).tolist()
        self._own: list[list[int]] = [[] for _ in texts]
        for slot, place in enumerate(block.owners.tolist()):
            self._own[place].append(slot)
        self._joined: dict[int, list[int]] = {}
        """Kept texts of the block by bucket."""

    def nearest(self, place: int) -> Match | None:
        """Return the nearest text added before, or kept of those compared with it."""
        best = self._known.get(place)
        found: set[int] = set()
        for slot in self._own[place]:
            found.update(self._joined.get(self._bucket[slot], ()))
        if not found:
            return best
        kept = np.array(sorted(found), np.int64)
        sets = self.block.sets
        similar = _similar(sets, np.full(len(kept), place, np.int64), sets, kept)
        first = int(similar.argmax())
        value = float(similar[first])
        if value < self._told or (best is not None and best.similarity >= value):
            return best
        return Match(self.kept[int(kept[first])], value)

    def keep(self, place: int) -> int:
        """Add the text and return its number: how many were given before it."""
        if self.closed:
            raise ValueError("the index was asked for something else meanwhile")
        for slot in self._own[place]:
            bucket = self._bucket[slot]
            if self._room[bucket] > 0:
                self._room[bucket] -= 1
                self._joined.setdefault(bucket, []).append(place)
                self.slots.append(slot)
        self.kept[place] = next(self._number)
        return self.kept[place]


def _similar(
    first: tuple[Sets, Sets],
    first_rows: _Ints,
    second: tuple[Sets, Sets],
    second_rows: _Ints,
) -> NDArray[np.float64]:
    """Return the exact similarity of each pair: of words where both have them."""
    similar = np.zeros(len(first_rows))
    words = first[0].has(first_rows) & second[0].has(second_rows)
    for kind, wanted in ((0, words), (1, ~words)):
        pairs = np.flatnonzero(wanted)
        sizes = first[kind].sizes(first_rows[pairs]) + second[kind].sizes(second_rows[pairs])
        for part in _parts(sizes):
            chosen = pairs[part]
            similar[chosen] = jaccard(
                *first[kind].take(first_rows[chosen]), *second[kind].take(second_rows[chosen])
            )
    return similar


def _parts(sizes: _Ints) -> Iterator[slice]:
    """Cut pairs into slices that hold a bounded number of pairs, and of shingles in all."""
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = int(ends[start - 1]) if start else 0
        end = int(np.searchsorted(ends, before + _TOGETHER, "right"))
        end = min(max(end, start + 1), start + PAIRS // 16)
        yield slice(start, end)
        start = end
