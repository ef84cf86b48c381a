"""The store's door: answers by key, runs by id, rows in order, versions and decisions."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from synthnb.errors import StoreError
from synthnb.store import runs, summaries
from synthnb.store.files import connect, open_file, plain
from synthnb.store.runs import RunInfo, VersionInfo
from synthnb.store.summaries import Summary
from synthnb.store.writer import Writer
from synthnb.types import JSON

__all__ = ["Store"]

KEYS = 250
"""Keys of one query, below every SQLite's limit of parameters."""
PATIENCE = 90.0
"""Seconds a caller on another thread waits for a commit."""


class Store:
    """One SQLite file shared by every kernel of the user.

    Reading happens on the calling thread, writing on one thread that commits in groups.

    >>> store = Store.open()            # the user's own store
    >>> store.info()["answers"]
    0
    >>> store.close()
    """

    def __init__(self, path: Path, notice: str | None = None, *, lasting: bool = True) -> None:
        self.path = path
        self.notice = notice
        """One line for the user: damage that was set aside, a folder that is read-only."""
        self.lasting = lasting
        """``False`` if what is kept is gone when this process ends."""
        self._file = os.stat(path)
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._asked: dict[asyncio.AbstractEventLoop, list[Any]] = {}
        self._writer = Writer(lambda: connect(str(path), writer=True))

    @classmethod
    def open(
        cls, path: str | os.PathLike[str] | None = None, *, fallback: bool = True
    ) -> Store:
        """Open the user's store, or the one at ``path``.

        Where the folder cannot be written, answers are kept in a temporary file and
        ``notice`` says so; with ``fallback=False`` that is a ``StoreError``. A store of
        a newer synthnb is always a ``StoreError``.
        """
        file = Path(path) if path is not None else _default()
        try:
            return cls(file, open_file(file))
        except StoreError:
            raise
        except (sqlite3.Error, OSError) as error:
            reason = plain(file, error)
            if not fallback:
                raise StoreError(reason) from error
        spare = Path(tempfile.mkdtemp(prefix="synthnb-")) / "store.sqlite3"
        open_file(spare)
        text = f"{reason} Answers are kept only until this process ends."
        return cls(spare, text, lasting=False)

    @property
    def there(self) -> bool:
        """Whether the file is still the one that was opened: what is written to a deleted
        one is lost, and SQLite does not tell."""
        try:
            return os.path.samestat(self._file, os.stat(self.path))
        except OSError:
            return False

    # answers

    def get(self, key: bytes, since: float = 0.0) -> bytes | None:
        """The stored answer to a request, not older than ``since`` (Unix time)."""
        try:
            query = "SELECT value FROM answers WHERE key = ? AND created >= ?"
            row = self._reader().execute(query, (key, since)).fetchone()
        except sqlite3.DatabaseError:
            return None  # an unreadable answer is asked for again, never a lost run
        return row[0] if row else None

    def fetch(self, key: bytes, since: float = 0.0) -> asyncio.Future[bytes | None]:
        """``get`` for the running event loop: keys asked for in one turn are one query.

        A query gives up the interpreter lock, and a busy loop gets it back late: so one
        for all rows that are waiting, not one for each.
        """
        loop = asyncio.get_running_loop()
        found: asyncio.Future[bytes | None] = loop.create_future()
        asked = self._asked.get(loop)
        if asked is None:
            asked = self._asked[loop] = []
            loop.call_soon(self._answer, loop)
        asked.append((key, since, found))
        return found

    def _answer(self, loop: asyncio.AbstractEventLoop) -> None:
        asked = self._asked.pop(loop)
        known: dict[bytes, tuple[bytes, float]] = {}
        for start in range(0, len(asked), KEYS):
            keys = [key for key, _, _ in asked[start : start + KEYS]]
            marks = ",".join("?" * len(keys))
            query = f"SELECT key, value, created FROM answers WHERE key IN ({marks})"
            try:
                rows = self._reader().execute(query, keys).fetchall()
            except sqlite3.DatabaseError:
                rows = []  # an unreadable answer is asked for again, never a lost run
            known.update((key, (value, created)) for key, value, created in rows)
        for key, since, future in asked:
            value, created = known.get(key, (None, 0.0))
            if not future.done():
                future.set_result(value if created >= since else None)

    def put(self, key: bytes, value: bytes) -> asyncio.Future[None]:
        """Keep an answer; awaiting the result returns once it is durable."""
        return self._writer.answer(key, value)

    @property
    def failure(self) -> str | None:
        """Why the last commit failed, ``None`` while writing works."""
        if self._writer.failure is None:
            return None
        return plain(self.path, sqlite3.OperationalError(self._writer.failure))

    # runs and rows

    def start_run(self, run: RunInfo) -> None:
        """Add a run owned by this process."""
        self._write(lambda connection: runs.insert(connection, run))

    def claim_run(self, run_id: str) -> RunInfo:
        """Own an unfinished run again; ``StoreError`` if someone else still writes it."""
        found: RunInfo = self._write(lambda connection: runs.claim(connection, run_id))
        return found

    def beat(self, run_id: str, accepted: int, rejected: int) -> None:
        """Keep ownership and show progress; does not wait."""
        self._writer.execute(lambda c: runs.beat(c, run_id, accepted, rejected))

    async def finish_run(
        self,
        run_id: str,
        status: str,
        reason: str,
        counts: tuple[int, int],
        outcome: Mapping[str, Any],
        stale: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Write the end of a run after all its rows, and give up ownership.

        ``stale`` are places (first, end) whose rows an interrupted run had decided, and the
        resumed one did not need.
        """

        def end(connection: sqlite3.Connection) -> None:
            runs.drop_rows(connection, run_id, stale)
            runs.finish(connection, run_id, status, reason, *counts, outcome)

        future = self._writer.execute(end)
        try:
            await asyncio.wrap_future(future)
        except sqlite3.Error as error:
            raise StoreError(plain(self.path, error)) from error

    def add_row(self, run_id: str, seq: int, accepted: bool, value: bytes) -> None:
        """Keep one decided row; ``seq`` is its place in the run."""
        self._writer.row(run_id, seq, accepted, value)

    def run(self, run_id: str) -> RunInfo:
        """One run by id or by the beginning of it."""
        rows = self._query(
            f"SELECT {runs.FIELDS} FROM runs WHERE substr(id, 1, ?) = ? LIMIT 2",
            (len(run_id), run_id),
        ).fetchall()
        if not rows or not run_id:
            raise StoreError(f"There is no run {run_id!r}; `synthnb store info` lists them.")
        if len(rows) > 1:
            raise StoreError(f"Several runs begin with {run_id!r}: name more of it.")
        return runs.read(rows[0])

    def runs(self, project: str | None = None, name: str | None = None) -> list[RunInfo]:
        """Runs, newest first, of one project folder or one name where given."""
        rows = self._query(
            f"SELECT {runs.FIELDS} FROM runs WHERE (?1 IS NULL OR project = ?1) "
            "AND (?2 IS NULL OR name = ?2) ORDER BY started DESC",
            (project, name),
        ).fetchall()
        return [runs.read(row) for row in rows]

    def count_rows(self, run_id: str, accepted: bool | None = None) -> int:
        """How many decided rows a run has."""
        return int(
            self._query(
                "SELECT count(*) FROM rows WHERE run = ? AND (?2 IS NULL OR accepted = ?2)",
                (run_id, accepted),
            ).fetchone()[0]
        )

    def row_values(self, run_id: str, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The rows of a run from one place to another, in order: place, and the row encoded."""
        return self._query(
            "SELECT seq, value FROM rows WHERE run = ? AND seq BETWEEN ? AND ? ORDER BY seq",
            (run_id, first, last),
        )

    def rows_at(self, run_id: str, keys: Sequence[int]) -> list[tuple[int, bytes]]:
        """Some rows of a run by their places in it, still encoded; 250 at most."""
        marks = ",".join("?" * len(keys))
        query = f"SELECT seq, value FROM rows WHERE run = ? AND seq IN ({marks})"
        return self._query(query, (run_id, *keys)).fetchall()

    def row_span(self, run_id: str) -> tuple[int, int, int]:
        """The first and the last place of a run that has a row, and how many have;
        (0, −1, 0) without any.
        """
        span = "SELECT min(seq), max(seq), count(*) FROM rows WHERE run = ?"
        first, last, count = self._query(span, (run_id,)).fetchone()
        return (first, last, count) if count else (0, -1, 0)

    def row_keys(self, run_id: str, accepted: bool | None = None) -> Iterator[int]:
        """The places of a run that have a row, in order."""
        return chain.from_iterable(
            self._query(
                "SELECT seq FROM rows WHERE run = ? AND (?2 IS NULL OR accepted = ?2) "
                "ORDER BY seq",
                (run_id, accepted),
            )
        )

    def keep_summary(
        self, run_id: str, seen: float, span: tuple[int, int, int], summary: Summary
    ) -> None:
        """Keep what was counted of a run's rows, ``span`` as of ``row_span``, unless it may
        have others since its heartbeat was ``seen``; does not wait.
        """
        values = summaries.pack(summary, seen)
        self._writer.execute(lambda c: summaries.keep(c, run_id, seen, span, values))

    def summary(self, run_id: str) -> Summary | None:
        """What was counted of a run's rows, where it was kept of them as they are."""
        query = (
            "SELECT value, heartbeat FROM summaries JOIN runs ON runs.id = run "
            "WHERE run = ? AND owner IS NULL ORDER BY part"
        )
        try:
            found = self._reader().execute(query, (run_id,)).fetchall()
        except sqlite3.DatabaseError:
            return None  # the rows are counted again
        return summaries.unpack([value for value, _ in found], found[0][1]) if found else None

    # versions and decisions

    def register_version(
        self, project: str, name: str, run_id: str, digest: str, *, tape: bool = False
    ) -> VersionInfo:
        """The version that a run is: the one of the same digest, else the next number.

        Nothing is overwritten: content that was there before keeps its number and its run.
        """
        taken: VersionInfo = self._write(
            lambda connection: runs.register(connection, project, name, run_id, digest, tape)
        )
        return taken

    def versions(self, project: str, name: str | None = None) -> list[VersionInfo]:
        """Versions of a project folder, or of all (``""``), oldest first."""
        rows = self._query(
            f"SELECT {runs.VERSION_FIELDS} FROM versions WHERE ?1 IN ('', project) "
            "AND (?2 IS NULL OR name = ?2) ORDER BY name, number",
            (project, name),
        )
        return [runs.read_version(row) for row in rows]

    def decide(self, scope: str, row: str, kind: str, value: JSON, *, author: str = "") -> None:
        """Keep one decision on a row (``keep``, ``drop``, ``edit``, ``rank`` …).

        ``scope`` says what the row belongs to, a run id for instance. The same author's
        later decision of that kind replaces the earlier one; ``value=None`` takes it back.
        """
        data = (scope, row, kind, author, orjson.dumps(value), time.time())

        def write(connection: sqlite3.Connection) -> None:
            if value is None:
                connection.execute(
                    "DELETE FROM decisions WHERE (scope, row, kind, author) = (?, ?, ?, ?)",
                    data[:4],
                )
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?)", data
                )

        self._write(write)

    def decisions(self, scope: str, kind: str | None = None) -> list[dict[str, JSON]]:
        """Decisions of one scope, oldest first: row, kind, author, value, created."""
        cursor = self._query(
            "SELECT row, kind, author, value, created FROM decisions "
            "WHERE scope = ?1 AND (?2 IS NULL OR kind = ?2) ORDER BY created",
            (scope, kind),
        )
        names = ("row", "kind", "author", "value", "created")
        return [
            {**dict(zip(names, row, strict=True)), "value": orjson.loads(row[3])}
            for row in cursor
        ]

    # care

    def flush(self) -> None:
        """Wait until everything queued so far is durable."""
        self._write(lambda connection: None)

    def info(self) -> dict[str, JSON]:
        """Path, bytes and counts."""
        counts = {
            table: self._query(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("answers", "runs", "rows", "versions", "decisions")
        }
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        size = sum(file.stat().st_size for file in files if file.exists())
        return {"path": str(self.path), "bytes": size, **counts}

    def prune(self, *, days: float | None = None, runs_kept: int | None = None) -> int:
        """Drop answers older than ``days`` and all rows but the newest runs'.

        Returns the number of entries dropped. Versions, decisions and running runs stay.
        """
        before = time.time() - (days or 0) * 86400 if days is not None else 0.0

        def drop(connection: sqlite3.Connection) -> int:
            old = "DELETE FROM answers WHERE created < ?"
            gone = connection.execute(old, (before,)).rowcount
            if runs_kept is not None:
                gone += runs.keep_newest(connection, runs_kept)
            return gone

        dropped: int = self._write(drop)
        with contextlib.suppress(sqlite3.OperationalError):  # busy or full: used again later
            self._reader().execute("VACUUM")
            self._reader().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return dropped

    def close(self) -> None:
        """Commit what is queued and let go of the file."""
        self._writer.close()
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        self._local = threading.local()
        if not self.lasting:
            for file in self.path.parent.iterdir():
                file.unlink()
            self.path.parent.rmdir()

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(str(self.path), new=False)
            self._readers.append(connection)
        return connection

    def _query(self, query: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._reader().execute(query, values)
        except sqlite3.Error as error:
            raise StoreError(plain(self.path, error)) from error

    def _write(self, statement: Any) -> Any:
        try:
            return self._writer.execute(statement).result(timeout=PATIENCE)
        except (sqlite3.Error, TimeoutError) as error:
            raise StoreError(plain(self.path, error)) from error


def _default() -> Path:
    from synthnb.settings import data_dir

    return data_dir() / "store.sqlite3"
