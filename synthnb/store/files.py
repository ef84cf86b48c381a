"""The store's file: private to the user, set aside when damaged, honest about its folder."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from pathlib import Path

from synthnb.store.layout import migrate
from synthnb.store.salvage import salvage

__all__ = ["connect", "is_network", "open_file", "plain", "set_aside"]

CHECKED = 32 * 2**20
"""Bytes up to which the whole file is checked on opening (about 0.1 s)."""

NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}


def connect(path: str, *, writer: bool = False, new: bool = True) -> sqlite3.Connection:
    """A connection in autocommit mode that waits for other processes.

    With ``new=False`` a file that is gone is not made again.
    """
    place = path if new else f"{Path(path).absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(
        place, timeout=10.0, isolation_level=None, check_same_thread=False, uri=not new
    )
    try:
        connection.execute("PRAGMA busy_timeout = 10000")
        if writer:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint = 4000")
            connection.execute("PRAGMA cache_size = -32000")
    except sqlite3.Error:
        connection.close()
        raise
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
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.chmod(path.with_name(path.name + end), 0o600)
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
    saved = salvage(aside, path)
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


def plain(path: Path, error: Exception) -> str:
    """What went wrong with the file, and what to do, in one line."""
    text = str(error)
    if "full" in text or getattr(error, "errno", None) == errno.ENOSPC:
        return f"The disk of {path.parent} is full: free some space, or set SYNTHNB_HOME."
    if "unable to open" in text and path.parent.is_dir() and not path.exists():
        return f"The store {path} is gone: it was deleted or moved while it was open."
    denied = isinstance(error, PermissionError) or getattr(error, "errno", None) == errno.EROFS
    if denied or "readonly" in text or "unable to open" in text:
        return f"The folder {path.parent} cannot be written: set SYNTHNB_HOME to one that can."
    if "disk I/O" in text:
        return f"The disk does not take {path}: is it full, over its quota, or gone?"
    if "locked" in text or isinstance(error, TimeoutError):
        return f"{path} was busy for too long: another process holds it."
    if "malformed" in text or "not a database" in text:
        return f"The store {path} is damaged; it is set aside when it is opened next."
    return f"The store {path} cannot be used: {text}"
