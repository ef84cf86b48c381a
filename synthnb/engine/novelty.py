"""Is there anything new in the newest rows? Runs of words, seen before or not."""

from __future__ import annotations

import zlib
from collections import deque

__all__ = ["Novelty"]

WINDOW = 50
"""Candidates whose novelty is averaged."""
_RUN = 4
_BITS = 27


class Novelty:
    """Share of word runs that no earlier candidate held, over a sliding window.

    Takes 16 MB whatever the number of rows: a run is one bit of a table, and at ten million
    runs one in fourteen new ones looks old.

    >>> novelty = Novelty()
    >>> novelty.add("a small dog ran home"), novelty.add("a small dog ran away")
    (1.0, 0.5)
    """

    def __init__(self) -> None:
        self._seen = bytearray(1 << (_BITS - 3))
        self._shares: deque[float] = deque(maxlen=WINDOW)

    def add(self, text: str) -> float:
        """Count one text; its share of new runs. An empty text has nothing new."""
        words = text.casefold().split()
        units = words if len(words) > 1 else list(text)  # scripts without spaces
        joined = " ".join if len(words) > 1 else "".join
        runs = {
            joined(units[i : i + _RUN]) for i in range(max(len(units) - _RUN + 1, 1))
        }  # fmt: skip
        new = sum(self._first(run) for run in runs) if units else 0
        self._shares.append(new / len(runs))
        return self._shares[-1]

    def _first(self, run: str) -> bool:
        place = zlib.crc32(run.encode("utf-8", "surrogatepass")) >> (32 - _BITS)
        byte, bit = place >> 3, 1 << (place & 7)
        known = self._seen[byte] & bit
        self._seen[byte] |= bit
        return not known

    @property
    def full(self) -> bool:
        """Whether the window has been filled once."""
        return len(self._shares) == WINDOW

    @property
    def share(self) -> float:
        """Mean share of new runs over the window."""
        return sum(self._shares) / max(len(self._shares), 1)
