"""The store's file: private to the user, set aside when damaged, honest about its folder."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from synthnb.errors import StoreError
from synthnb.store.layout import migrate

__all__ = ["connect", "is_network", "open_file", "set_aside"]

CHECKED = 32 * 2**20
"""Bytes up to which the whole file is checked on opening (about 0.1 s)."""

NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}


def connect(path: str, *, writer: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode that waits for other processes."""
    connection = sqlite3.connect(
        path, timeout=10.0, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA busy_timeout = 10000")
    if writer:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA cache_size = -32000")
    return connection


def open_file(path: Path) -> str | None:
    """Make the file ready; the answer is a notice for the user, or ``None``.

    Raises ``StoreError`` if it is too new, ``sqlite3.OperationalError`` if the folder
    cannot be written; a damaged file is set aside and what can be read is copied over.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    notice = None
    if path.exists() and path.stat().st_size:
        try:
            _prepare(path)
            _check(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and not _is_damage(error):
                raise
            notice = set_aside(path)
            _prepare(path)
    else:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        _prepare(path)
    os.chmod(path, 0o600)
    if is_network(path):
        notice = notice or (
            f"{path.parent} is on a network file system, where databases are slow and "
            "sharing one is not safe: set SYNTHNB_HOME to a local folder."
        )
    return notice


def set_aside(path: Path) -> str:
    """Move a damaged file out of the way, copy its readable rows, and say so."""
    aside = path.with_name(f"{path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}.sqlite3")
    serial = 1
    while aside.exists():
        serial += 1
        aside = aside.with_name(f"{aside.stem}-{serial}.sqlite3")
    os.replace(path, aside)
    for suffix in ("-wal", "-shm"):
        extra = path.with_name(path.name + suffix)
        if extra.exists():
            os.replace(extra, aside.with_name(aside.name + suffix))
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    _prepare(path)
    saved = _salvage(aside, path)
    return f"The store was damaged and is set aside as {aside}; {saved} entries were saved."


def is_network(path: Path) -> bool:
    """Whether the folder lies on a network file system (Linux only; else ``False``)."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
        folder = str(path.parent.resolve())
    except OSError:
        return False
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind in NETWORK or kind.startswith("fuse.sshfs")


def _prepare(path: Path) -> None:
    connection = connect(str(path))
    try:
        mode = "DELETE" if is_network(path) else "WAL"
        deadline = time.monotonic() + 20
        while True:
            try:
                connection.execute(f"PRAGMA journal_mode = {mode}")
                migrate(connection, str(path))
                return
            except sqlite3.OperationalError as error:
                # Changing the journal mode needs the file alone for a moment.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
    finally:
        connection.close()


def _check(path: Path) -> None:
    if path.stat().st_size > CHECKED:
        return
    connection = connect(str(path))
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"malformed: {found}")
    finally:
        connection.close()


def _is_damage(error: sqlite3.Error) -> bool:
    text = str(error)
    return "malformed" in text or "no such table" in text or "disk I/O error" in text


STEP = 32
GAP = 200
"""Ranges of row ids without a readable row after which the file is taken to end."""

TABLES = ("answers", "runs", "rows", "versions", "decisions")


def _salvage(damaged: Path, path: Path) -> int:
    """Copy every row that can still be read; unreadable pages are stepped over."""
    saved = 0
    target = connect(str(path))
    try:
        source = connect(str(damaged))
    except sqlite3.Error:
        target.close()
        return 0
    try:
        target.execute("BEGIN")
        for table in TABLES:
            columns = _columns(source, target, table)
            for row in _readable(source, table, columns):
                marks = ", ".join("?" * len(row))
                insert = f"INSERT OR IGNORE INTO {table}({columns}) VALUES ({marks})"
                saved += max(0, target.execute(insert, row).rowcount)
        target.execute("COMMIT")
    except sqlite3.Error as error:
        raise StoreError(f"The damaged store {damaged} could not be copied: {error}") from error
    finally:
        source.close()
        target.close()
    return saved


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
    source: sqlite3.Connection, table: str, columns: str
) -> Iterator[tuple[object, ...]]:
    try:
        yield from source.execute(f"SELECT {columns} FROM {table}")
    except sqlite3.Error:
        if table == "answers":
            yield from _by_rowid(source, columns)


def _by_rowid(source: sqlite3.Connection, columns: str) -> Iterator[tuple[object, ...]]:
    """Answers in small ranges of row ids, so that a broken page costs only its own."""
    query = f"SELECT {columns} FROM answers NOT INDEXED WHERE rowid >= ? AND rowid < ?"
    first, barren = 0, 0
    while barren < GAP:
        spans = [(first, first + STEP)]
        spans += [(one, one + 1) for one in range(first, first + STEP)]
        barren += 1
        for low, high in spans:
            try:
                found = source.execute(query, (low, high)).fetchall()
            except sqlite3.Error:
                continue
            barren = 0 if found else barren
            yield from found
            if high - low == STEP:
                break
        first += STEP
