"""The tables, one numbered migration at a time; ``user_version`` counts them."""

from __future__ import annotations

import sqlite3

from synthnb.errors import StoreError

__all__ = ["LATEST", "migrate"]

MIGRATIONS = (
    # 1: keys are short hashes in an index of their own, so that inserting in random key
    # order touches small pages only; rows are kept in the order of their run.
    """
    CREATE TABLE answers (
        key BLOB NOT NULL UNIQUE, value BLOB NOT NULL, created REAL NOT NULL
    );
    CREATE TABLE runs (
        id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL,
        recipe TEXT NOT NULL, base TEXT NOT NULL, fingerprint TEXT NOT NULL,
        wanted INTEGER NOT NULL, model TEXT, source TEXT, started REAL NOT NULL,
        status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
        accepted INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
        outcome BLOB, owner TEXT, heartbeat REAL NOT NULL DEFAULT 0,
        since REAL NOT NULL DEFAULT 0
    );
    CREATE TABLE rows (
        run TEXT NOT NULL, seq INTEGER NOT NULL, accepted INTEGER NOT NULL,
        value BLOB NOT NULL, PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;
    CREATE TABLE versions (
        project TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL,
        run TEXT NOT NULL, hash TEXT NOT NULL, created REAL NOT NULL,
        PRIMARY KEY (project, name, number)
    ) WITHOUT ROWID;
    CREATE TABLE decisions (
        scope TEXT NOT NULL, row TEXT NOT NULL, kind TEXT NOT NULL, author TEXT NOT NULL,
        value BLOB NOT NULL, created REAL NOT NULL, PRIMARY KEY (scope, row, kind, author)
    ) WITHOUT ROWID;
    """,
    # 2: when a version was last made again, and whether its answers came from a tape.
    """
    ALTER TABLE versions ADD COLUMN used REAL NOT NULL DEFAULT 0;
    ALTER TABLE versions ADD COLUMN tape INTEGER NOT NULL DEFAULT 0;
    UPDATE versions SET used = created;
    """,
    # 3: what a run was asked beside its recipe, so that a resume goes on with it.
    """
    ALTER TABLE runs ADD COLUMN flags BLOB;
    """,
    # 4: what was counted of a long run's rows, so that opening its version reads none.
    """
    CREATE TABLE summaries (
        run TEXT NOT NULL, part INTEGER NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (run, part)
    );
    """,
)

LATEST = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the file to the newest layout; refuse one written by a newer synthnb."""
    if _version(connection) == LATEST:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _version(connection)  # another process may have been faster
        if found > LATEST:
            raise StoreError(
                f"{path} was written by a newer synthnb (layout {found}, this one knows "
                f"{LATEST}). Upgrade synthnb, or set SYNTHNB_HOME to another folder."
            )
        for script in MIGRATIONS[found:]:
            for statement in script.split(";"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {LATEST}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
