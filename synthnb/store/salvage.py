"""What can still be read of a damaged file, copied into a fresh one.

SQLite stops at the first broken page. Here a broken page costs only its own rows: reading
goes on behind it, and a file whose head is gone is read with the head of a fresh one.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

from synthnb.errors import StoreError

__all__ = ["salvage"]

TABLES = ("answers", "runs", "rows", "versions", "decisions")
GAP = 10_000
"""Places without a readable row after which a table is taken to end."""
HEAD = 100
"""Bytes of SQLite's own header."""


def salvage(damaged: Path, fresh: Path) -> int:
    """Copy every row that can be read into ``fresh``, an empty store; how many there were.

    ``damaged`` is only read. Raises ``StoreError`` if the fresh file cannot be written.
    """
    with tempfile.TemporaryDirectory(dir=fresh.parent, prefix="salvage-") as folder:
        # SQLite writes into what it opens, its log first of all: copies alone are opened.
        copy = Path(folder) / "store.sqlite3"
        saved = 0
        with contextlib.suppress(OSError):
            _duplicate(damaged, copy)
            saved = _copy(copy, fresh)
            for keep in (HEAD, None):
                if saved and not (keep and _is_cut(damaged)):
                    break
                _duplicate(damaged, copy)
                _mend(copy, fresh, keep)
                saved += _copy(copy, fresh)
    return saved


def _duplicate(path: Path, copy: Path) -> None:
    """The file and what its log holds, over what stood there."""
    copy.with_name(copy.name + "-shm").unlink(missing_ok=True)
    shutil.copyfile(path, copy)
    log, its = (one.with_name(one.name + "-wal") for one in (path, copy))
    its.unlink(missing_ok=True)
    if log.exists():
        shutil.copyfile(log, its)


def _is_cut(path: Path) -> bool:
    """Whether the file is shorter than its header says."""
    with path.open("rb") as file:
        page, pages = _shape(file.read(HEAD))
    return page * pages > path.stat().st_size


def _shape(head: bytes) -> tuple[int, int]:
    """Bytes of a page and number of pages, as a header says; (0, 0) for no header."""
    if not head.startswith(b"SQLite format 3\0") or len(head) < HEAD:
        return 0, 0
    return struct.unpack(">H", head[16:18])[0], struct.unpack(">I", head[28:32])[0]


def _mend(mended: Path, fresh: Path, keep: int | None) -> None:
    """Give the copy the fresh store's header (or its whole first page), as long as it was.

    Tables are made in one order, so the first page of one store finds those of another.
    """
    first = bytearray(fresh.read_bytes()[:65536])
    page, _ = _shape(bytes(first))
    with mended.open("r+b") as file:
        was, named = _shape(file.read(HEAD))
        pages = -(-mended.stat().st_size // page)
        if was == page:
            pages = max(pages, min(named, 64 * pages))  # it was cut off
        struct.pack_into(">I", first, 28, pages)
        struct.pack_into(">II", first, 32, 0, 0)  # no free pages
        struct.pack_into(">I", first, 92, struct.unpack(">I", first[24:28])[0])
        file.seek(0)
        file.write(first[: keep or page])
        file.truncate(pages * page)


def _copy(damaged: Path, fresh: Path) -> int:
    saved = 0
    try:
        source = _open(damaged)
    except sqlite3.Error:
        return 0
    with contextlib.closing(source), contextlib.closing(_open(fresh)) as target:
        try:
            source.execute("PRAGMA cell_size_check = ON")
        except sqlite3.Error:
            return 0
        try:
            target.execute("BEGIN")
            for table in TABLES:
                columns = _columns(source, target, table)
                for row in _readable(source, target, table, columns):
                    saved += _insert(target, table, columns, row)
            target.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(
                f"The damaged store {damaged} could not be copied: {error}"
            ) from error
    return saved


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def _insert(
    target: sqlite3.Connection, table: str, columns: str, row: tuple[object, ...]
) -> int:
    marks = ", ".join("?" * len(row))
    insert = f"INSERT OR IGNORE INTO {table}({columns}) VALUES ({marks})"
    return max(0, target.execute(insert, row).rowcount)


def _columns(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> str:
    """The columns that both have: the damaged file may be of an older layout."""
    query = f"SELECT name FROM pragma_table_info('{table}')"
    here = [name for (name,) in target.execute(query)]
    try:
        there = {name for (name,) in source.execute(query)}
    except sqlite3.Error:
        there = set()
    return ", ".join(name for name in here if not there or name in there)


def _readable(
    source: sqlite3.Connection, target: sqlite3.Connection, table: str, columns: str
) -> Iterator[tuple[object, ...]]:
    if table in ("answers", "runs"):
        query = f"SELECT rowid, {columns} FROM {table} NOT INDEXED WHERE rowid >= ?"
        yield from _stepping(source, query, 1)
    elif table == "rows":
        query = f"SELECT seq, {columns} FROM rows WHERE run = ?2 AND seq >= ?1 ORDER BY seq"
        for run in _runs(source, target):
            yield from _stepping(source, query, 0, run)
            yield from _stepping(source, query, 10**12, run)  # real rows among them
    else:
        key = "project, name, number" if table == "versions" else "scope, row, kind, author"
        back = key.replace(",", " DESC,") + " DESC"
        for order in (key, back):  # from both ends up to what is broken
            with contextlib.suppress(sqlite3.Error):
                yield from source.execute(f"SELECT {columns} FROM {table} ORDER BY {order}")


def _stepping(
    source: sqlite3.Connection, query: str, first: int, *more: object
) -> Iterator[tuple[object, ...]]:
    """Rows from place ``first`` on; where one cannot be read, the next place is tried."""
    place, barren = first, 0
    while barren < GAP:
        try:
            for row in source.execute(query, (place, *more)):
                known = isinstance(row[0], int)  # a broken row may say anything
                place, barren = (max(place, row[0]) if known else place) + 1, 0
                yield row[1:]
        except sqlite3.Error:
            place, barren = place + 1, barren + 1
        else:
            return


def _runs(source: sqlite3.Connection, target: sqlite3.Connection) -> list[str]:
    """Runs that are known, or that rows are of."""
    found = [run for (run,) in target.execute("SELECT id FROM runs")]
    query, last = "SELECT run FROM rows WHERE run > ? ORDER BY run LIMIT 1", ""
    with contextlib.suppress(sqlite3.Error):
        while row := source.execute(query, (last,)).fetchone():
            last = row[0]
            found.append(last)
    return list(dict.fromkeys(found))
