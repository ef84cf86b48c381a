"""Runs and versions as the store keeps them."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from synthnb.errors import StoreError
from synthnb.store import summaries

__all__ = ["RunInfo", "VersionInfo"]

STALE = 15.0
"""Seconds without a heartbeat after which an owner on another host counts as gone."""

HOST = socket.gethostname()


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run: what was asked, how far it came, and who is writing it now."""

    id: str
    project: str
    """Folder that the run belongs to."""
    name: str
    recipe: str
    """The recipe's own text, as ``Recipe.dumps`` wrote it."""
    base: str
    """Folder that relative source paths start from."""
    fingerprint: str
    wanted: int
    model: str | None = None
    """The model that was chosen for the run, where the recipe's own was not used."""
    source: str | None = None
    """Hash of the source rows."""
    started: float = 0.0
    """Unix time."""
    status: str = "running"
    reason: str = ""
    accepted: int = 0
    rejected: int = 0
    outcome: Mapping[str, Any] | None = None
    """Funnel, usage and seconds of a run that ended."""
    owner: str | None = None
    """``pid@host`` of the process that writes it, ``None`` when nobody does."""
    heartbeat: float = 0.0
    since: float = 0.0
    """Answers older than this (Unix time) are not used: a run with ``--no-cache``."""
    flags: Mapping[str, Any] = field(default_factory=dict)
    """What was asked beside the recipe: ``budget`` in USD, ``replay``, ``record`` and
    ``checks`` (paths), ``out`` (folder). A resume goes on with them."""

    @property
    def alive(self) -> bool:
        """Whether its owner still runs."""
        if self.owner is None:
            return False
        pid, _, host = self.owner.partition("@")
        if host != HOST:
            return time.time() - self.heartbeat < STALE
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return False
        except (PermissionError, OSError):
            return time.time() - self.heartbeat < STALE
        return True


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One version of a named recipe in a project folder."""

    project: str
    name: str
    number: int
    run: str
    hash: str
    """Digest of recipe and rows: the same content is the same version."""
    created: float
    """Unix time."""
    used: float = 0.0
    """Unix time when this content was last made."""
    tape: bool = False
    """Its answers came from a tape when it was first made."""


FIELDS = (
    "id, project, name, recipe, base, fingerprint, wanted, model, source, started, status, "
    "reason, accepted, rejected, outcome, owner, heartbeat, since, flags"
)


def me() -> str:
    """This process as an owner."""
    return f"{os.getpid()}@{HOST}"


def read(row: tuple[Any, ...]) -> RunInfo:
    """A row of the table ``runs`` as a value."""
    values = list(row)
    values[14] = orjson.loads(values[14]) if values[14] else None
    values[18] = orjson.loads(values[18]) if values[18] else {}
    return RunInfo(*values)


def insert(connection: sqlite3.Connection, run: RunInfo) -> None:
    """Add a run that this process owns."""
    outcome = orjson.dumps(run.outcome) if run.outcome is not None else None
    connection.execute(
        f"INSERT INTO runs({FIELDS}) VALUES ({', '.join('?' * 19)})",
        (
            run.id, run.project, run.name, run.recipe, run.base, run.fingerprint,
            run.wanted, run.model, run.source, run.started or time.time(), run.status,
            run.reason, run.accepted, run.rejected, outcome, me(), time.time(),
            run.since, orjson.dumps(dict(run.flags)),
        ),
    )  # fmt: skip


def claim(connection: sqlite3.Connection, run_id: str) -> RunInfo:
    """Become the owner of a run that nobody writes any more."""
    row = connection.execute(f"SELECT {FIELDS} FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise StoreError(f"There is no run {run_id} to resume.")
    run = read(row)
    if run.alive:
        raise StoreError(
            f"Run {run_id} is being written by process {run.owner}. "
            "Interrupt it there, or wait until it ends."
        )
    summaries.drop(connection, run_id)
    connection.execute(
        "UPDATE runs SET owner = ?, heartbeat = ?, status = 'running', reason = '' "
        "WHERE id = ?",
        (me(), time.time(), run_id),
    )
    return run


def beat(connection: sqlite3.Connection, run_id: str, accepted: int, rejected: int) -> None:
    """Say that the run is alive and how far it is."""
    connection.execute(
        "UPDATE runs SET accepted = ?, rejected = ?, heartbeat = ? WHERE id = ?",
        (accepted, rejected, time.time(), run_id),
    )


def finish(
    connection: sqlite3.Connection,
    run_id: str,
    status: str,
    reason: str,
    accepted: int,
    rejected: int,
    outcome: Mapping[str, Any],
) -> None:
    """End a run and give it up."""
    connection.execute(
        "UPDATE runs SET status = ?, reason = ?, accepted = ?, rejected = ?, outcome = ?, "
        "owner = NULL, heartbeat = ? WHERE id = ?",
        (status, reason, accepted, rejected, orjson.dumps(outcome), time.time(), run_id),
    )


def drop_rows(
    connection: sqlite3.Connection, run_id: str, places: Iterable[tuple[int, int]]
) -> None:
    """Forget the rows of a run from a first place up to an end, for each pair."""
    query = "DELETE FROM rows WHERE run = ? AND seq >= ? AND seq < ?"
    for first, end in places:
        connection.execute(query, (run_id, first, end))


def keep_newest(connection: sqlite3.Connection, count: int) -> int:
    """Forget the rows of all but the newest runs and those that go on; how many rows."""
    others = (
        "run NOT IN (SELECT id FROM runs ORDER BY started DESC LIMIT ?) "
        "AND run NOT IN (SELECT id FROM runs WHERE owner IS NOT NULL)"
    )
    connection.execute(f"DELETE FROM summaries WHERE {others}", (count,))
    return connection.execute(f"DELETE FROM rows WHERE {others}", (count,)).rowcount


VERSION_FIELDS = "project, name, number, run, hash, created, used, tape"


def read_version(row: tuple[Any, ...]) -> VersionInfo:
    """A row of the table ``versions`` as a value."""
    values = list(row)
    values[7] = bool(values[7])
    return VersionInfo(*values)


def register(
    connection: sqlite3.Connection,
    project: str,
    name: str,
    run_id: str,
    digest: str,
    tape: bool,
) -> VersionInfo:
    """The version of this content: the one that has it already, else the next number."""
    now = time.time()
    place = (project, name)
    known = connection.execute(
        f"SELECT {VERSION_FIELDS} FROM versions WHERE (project, name) = (?, ?) AND hash = ? "
        "ORDER BY number LIMIT 1",
        (*place, digest),
    ).fetchone()
    if known is not None:
        found = read_version(known)
        connection.execute(
            "UPDATE versions SET used = ? WHERE (project, name, number) = (?, ?, ?)",
            (now, *place, found.number),
        )
        return replace(found, used=now)
    last = connection.execute(
        "SELECT coalesce(max(number), 0) FROM versions WHERE (project, name) = (?, ?)", place
    ).fetchone()[0]
    made = VersionInfo(project, name, int(last) + 1, run_id, digest, now, now, tape)
    connection.execute(
        f"INSERT INTO versions({VERSION_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (project, name, made.number, run_id, digest, now, now, int(tape)),
    )
    return made
