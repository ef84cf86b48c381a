"""What an index holds: shingle sets by row, and rows by the keys of their bands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthnb.shingles import Shingled, Words

__all__ = ["NEIGHBOURS", "Buckets", "Sets", "distinct"]

_Ints: TypeAlias = NDArray[np.int64]

NEIGHBOURS = 16
"""Candidates taken from each end of a bucket: a bucket of thousands holds boilerplate."""
_FEW_KEYS = 512
"""Up to so many keys at a time go through the dict."""
_MOST_WAITING = 50_000
_ROW_BITS = 40


def distinct(codes: _Ints) -> _Ints:
    """Return each number once, in order; sorts in place."""
    codes.sort()
    return codes[np.concatenate(([True], codes[1:] != codes[:-1]))] if len(codes) else codes


class Sets:
    """Shingle sets by row, in arrays with room to grow."""

    def __init__(self, sets: Shingled | None = None) -> None:
        self._flat = sets.flat if sets else np.empty(0, np.uint64)
        self._starts = sets.starts if sets else np.empty(0, np.int64)
        self._sizes = sets.sizes if sets else np.empty(0, np.int64)
        self._used, self._rows = len(self._flat), len(self._sizes)

    def has(self, rows: _Ints) -> NDArray[np.bool_]:
        """Say which rows have a set of this kind."""
        return self._sizes[rows] > 0

    def sizes(self, rows: _Ints) -> _Ints:
        """How many shingles these rows have, repeats counted."""
        return self._sizes[rows]

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


class Buckets:
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

    def find(self, keys: Words, owners: _Ints) -> tuple[_Ints, _Ints, _Ints]:
        """Return (owner, row) of the rows that share a key with an owner, each pair once, and
        how many rows each key holds.

        Of a bucket, so many rows from each end are taken, whatever the runs it lies in.
        """
        if len(keys) > _FEW_KEYS:
            self._settle()
        get = self._newest.get
        fresh = [get(key, []) for key in keys.tolist()] if self._newest else []
        held = np.zeros(len(keys), np.int64)
        if fresh:
            held += [len(rows) for rows in fresh]
        parts = list(self._hits(keys))
        for hit, _, size, _ in parts:
            held[hit] += size
        found: list[_Ints] = []
        before = np.zeros(len(keys), np.int64)
        for hit, left, size, rows in parts:
            asking, ahead = owners[hit] << _ROW_BITS, before[hit]
            behind = held[hit] - ahead - size
            for offset in range(min(NEIGHBOURS, int(size.max()))):
                head = np.flatnonzero((size > offset) & (ahead + offset < NEIGHBOURS))
                tail = np.flatnonzero((size > offset) & (behind + offset < NEIGHBOURS))
                found.append(asking[head] | rows[left[head] + offset])
                found.append(asking[tail] | rows[(left + size)[tail] - 1 - offset])
            before[hit] += size
        for owner, runs, bucket in zip(owners.tolist(), before.tolist(), fresh, strict=False):
            if bucket:
                ends = bucket[: max(NEIGHBOURS - runs, 0)] + bucket[-NEIGHBOURS:]
                found.append((owner << _ROW_BITS) | np.array(ends, np.int64))
        pairs = distinct(np.concatenate(found)) if found else np.empty(0, np.int64)
        return pairs >> _ROW_BITS, pairs & (2**_ROW_BITS - 1), held

    def _hits(self, keys: Words) -> Iterator[tuple[_Ints, _Ints, _Ints, _Ints]]:
        """Yield, run by run: which keys it holds, where they begin, how many rows, all rows."""
        for run, rows in self._runs:
            left = np.searchsorted(run, keys, "left")
            hit = np.flatnonzero(run.take(left, mode="clip") == keys)
            if len(hit):
                left = left[hit]
                yield hit, left, np.searchsorted(run, keys[hit], "right") - left, rows

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
