"""What was counted of a long run's rows, kept beside them: opening its version reads none.

A summary can be made from the rows at any time. A run that is resumed or pruned loses it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LONG", "Arrays", "Summary"]

Arrays: TypeAlias = "Mapping[tuple[str, str], NDArray[Any]]"

LONG = 20_000
"""Rows above which a summary is worth its place; fewer are read in no time."""
FORMAT = 1
"""Counts up when what is kept changes its meaning; other summaries are made again."""
DIGEST = 16
"""Bytes before the head that tell whether all the rest is as it was written."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Arrays over the rows of a run in their order, an entry a row, and what they mean."""

    rows: int
    head: Mapping[str, Any]
    """Whatever else is JSON."""
    arrays: Arrays
    """By kind and name."""


def pack(summary: Summary, seen: float) -> list[bytes]:
    """A summary as values of the table, the head first; numbers as narrow as they allow.

    ``seen`` is the heartbeat of the run as its rows were counted.
    """
    narrow = {key: _little(_narrowed(array)) for key, array in summary.arrays.items()}
    head = {
        "format": FORMAT,
        "seen": seen,
        "rows": summary.rows,
        "head": summary.head,
        "arrays": [[*key, array.dtype.str] for key, array in narrow.items()],
    }
    values = [orjson.dumps(head), *(array.tobytes() for array in narrow.values())]
    return [_digest(values) + values[0], *values[1:]]


def unpack(values: Sequence[bytes], seen: float) -> Summary | None:
    """The summary that ``pack`` wrote of rows as they still are; ``None`` for one of another
    format, of rows of another time, or that the disk has changed.
    """
    import numpy as np

    if not values:
        return None
    told, values = values[0][:DIGEST], [values[0][DIGEST:], *values[1:]]
    if told != _digest(values):
        return None
    head = orjson.loads(values[0])
    if (head["format"], head["seen"]) != (FORMAT, seen):
        return None
    arrays = {
        (kind, name): np.frombuffer(value, numbers)
        for (kind, name, numbers), value in zip(head["arrays"], values[1:], strict=True)
    }
    return Summary(head["rows"], head["head"], arrays)


def _digest(values: Sequence[bytes]) -> bytes:
    found = hashlib.blake2b(digest_size=DIGEST)
    for value in values:
        found.update(len(value).to_bytes(8, "little"))
        found.update(value)
    return found.digest()


def keep(
    connection: sqlite3.Connection,
    run_id: str,
    seen: float,
    span: tuple[int, int, int],
    values: Sequence[bytes],
) -> None:
    """Write a summary of the rows as they were at the heartbeat ``seen``: the first place,
    the last, and how many. Where the run may have others by now, none is written.
    """
    same = connection.execute(
        "SELECT 1 FROM runs WHERE id = ? AND owner IS NULL AND heartbeat = ?", (run_id, seen)
    ).fetchone()
    rows = "SELECT min(seq), max(seq), count(*) FROM rows WHERE run = ?"
    if same and connection.execute(rows, (run_id,)).fetchone() == span:
        drop(connection, run_id)
        connection.executemany(
            "INSERT INTO summaries VALUES (?, ?, ?)",
            [(run_id, part, value) for part, value in enumerate(values)],
        )


def drop(connection: sqlite3.Connection, run_id: str) -> None:
    """Forget the summary of a run whose rows may change."""
    connection.execute("DELETE FROM summaries WHERE run = ?", (run_id,))


def _narrowed(array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in fewer bytes, where they lose nothing by it."""
    import numpy as np

    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            half = array.astype(np.float32)
        return half if np.array_equal(half, array, equal_nan=True) else array
    if array.dtype.kind == "i" and len(array):
        low, high = int(array.min()), int(array.max())
        for kind in (np.int8, np.int16, np.int32):
            room = np.iinfo(kind)
            if room.min <= low and high <= room.max:
                return array.astype(kind)
    return array


def _little(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)
