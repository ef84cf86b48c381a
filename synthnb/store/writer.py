"""One thread that writes: what arrives within a few milliseconds is one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeAlias

__all__ = ["LINGER", "Statement", "Writer"]

Statement: TypeAlias = Callable[[sqlite3.Connection], Any]

LINGER = 0.01
"""Seconds between the first write and its commit; well inside the promised 50 ms."""

LOCKED = 60.0
"""Seconds that a write waits for other processes before it fails."""

CHUNKS = (128, 32, 8, 1)
# Many rows in one statement are one step for SQLite: the interpreter lock is given up
# once a chunk, not once a row, which the event loop's thread would pay for.
ANSWERS = {
    size: "INSERT OR REPLACE INTO answers(key, value, created) VALUES "
    + ", ".join(["(?, ?, ?)"] * size)
    for size in CHUNKS
}
ROWS = {
    size: "INSERT OR REPLACE INTO rows(run, seq, accepted, value) VALUES "
    + ", ".join(["(?, ?, ?, ?)"] * size)
    for size in CHUNKS
}


class Batch:
    """What one commit will hold, and who waits for it."""

    __slots__ = ("answers", "rows", "statements", "waiters")

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.rows: list[Any] = []
        self.statements: list[tuple[Statement, Future[Any]]] = []
        self.waiters: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}

    @property
    def pending(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.answers or self.rows or self.statements)


class Writer:
    """Group commit on one connection of one thread.

    A failed commit is reported to everyone who waits for it; the next batch is tried
    again, so a disk that has room again is used again.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._batch = Batch()
        self._closed = False
        self.failure: str | None = None
        """Why the last commit failed, ``None`` after one that worked."""
        self._thread = threading.Thread(target=self._run, name="synthnb-store", daemon=True)
        self._thread.start()

    def answer(self, key: bytes, value: bytes) -> asyncio.Future[None]:
        """Queue one answer; the future of the running loop is done once it is durable."""
        loop = asyncio.get_running_loop()
        with self._lock:
            batch = self._batch
            batch.answers.extend((key, value, time.time()))
            waiter = loop.create_future()
            batch.waiters.setdefault(loop, []).append(waiter)
        if not self._wake.is_set():
            self._wake.set()
        return waiter

    def row(self, run: str, seq: int, accepted: bool, value: bytes) -> None:
        """Queue one decided row; nobody waits, its answers are durable already."""
        with self._lock:
            self._batch.rows.extend((run, seq, accepted, value))
        if not self._wake.is_set():
            self._wake.set()

    def execute(self, statement: Statement) -> Future[Any]:
        """Queue work on the connection; the future holds its result after the commit."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                future.set_exception(sqlite3.ProgrammingError("the store is closed"))
                return future
            self._batch.statements.append((statement, future))
        self._wake.set()
        return future

    def close(self) -> None:
        """Commit what is queued and end the thread."""
        with self._lock:
            self._closed = True
        self._wake.set()
        self._thread.join(timeout=LOCKED)

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while True:
            self._wake.wait()
            if not self._closed:
                time.sleep(LINGER)
            self._wake.clear()
            with self._lock:
                batch, self._batch = self._batch, Batch()
            if batch.pending:  # else what woke us went along with the commit before
                try:
                    connection = connection or self._connect()
                    results = self._commit(connection, batch)
                except Exception as error:
                    self.failure = str(error)
                    with self._lock:  # nobody waits for rows: they go with the next commit
                        self._batch.rows[:0] = batch.rows
                    _release(batch, None, error)
                else:
                    self.failure = None
                    _release(batch, results, None)
            if self._closed and (self.failure or not self._batch.pending):
                break
        if connection is not None:
            connection.close()

    def _commit(self, connection: sqlite3.Connection, batch: Batch) -> list[Any]:
        deadline = time.monotonic() + LOCKED
        while True:
            try:
                return _transaction(connection, batch)
            except sqlite3.OperationalError as error:
                busy = "locked" in str(error) or "busy" in str(error)
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def _transaction(connection: sqlite3.Connection, batch: Batch) -> list[Any]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        _insert(connection, ANSWERS, batch.answers, 3)
        _insert(connection, ROWS, batch.rows, 4)
        results = [_attempt(connection, statement) for statement, _ in batch.statements]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return results


def _insert(
    connection: sqlite3.Connection, statements: dict[int, str], flat: list[Any], width: int
) -> None:
    start, total = 0, len(flat)
    for size in CHUNKS:
        step = size * width
        while total - start >= step:
            connection.execute(statements[size], flat[start : start + step])
            start += step


def _attempt(connection: sqlite3.Connection, statement: Statement) -> Any:
    """One statement's own mistake fails that statement, not its whole batch."""
    connection.execute("SAVEPOINT one")
    try:
        result = statement(connection)
    except sqlite3.OperationalError:
        raise  # locked or full: the batch as a whole is tried again or fails
    except Exception as error:
        connection.execute("ROLLBACK TO one")
        result = error
    connection.execute("RELEASE one")
    return result


def _release(batch: Batch, results: list[Any] | None, error: Exception | None) -> None:
    for position, (_, future) in enumerate(batch.statements):
        outcome = error if results is None else results[position]
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
    for loop, waiters in batch.waiters.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, waiters, error)


def _settle(waiters: list[asyncio.Future[None]], error: Exception | None) -> None:
    for waiter in waiters:
        if waiter.done():  # whoever waited was cancelled
            continue
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)
            waiter.exception()  # whoever waits sees it; nobody waiting is no warning
