"""The control database: one SQLite file, WAL, every commit synced."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from outrider.model.errors import LocalError

# Each entry brings the tables from its index to the next version; entries are never changed once released.
_MIGRATIONS = (
    """
    CREATE TABLE hosts(
        id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, enrolled_ns INTEGER NOT NULL,
        version TEXT NOT NULL, address TEXT NOT NULL, labels TEXT NOT NULL, seen_ns INTEGER NOT NULL DEFAULT 0,
        lost_ns INTEGER NOT NULL DEFAULT 0, revoked_ns INTEGER NOT NULL DEFAULT 0, beat TEXT NOT NULL DEFAULT '{}',
        serial TEXT NOT NULL, token TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE tokens(
        id TEXT PRIMARY KEY, hash BLOB NOT NULL, created_ns INTEGER NOT NULL, created_by TEXT NOT NULL,
        expires_ns INTEGER NOT NULL, uses INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0,
        name_prefix TEXT NOT NULL, revoked_ns INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    CREATE TABLE users(name TEXT PRIMARY KEY, password TEXT NOT NULL, changed_ns INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE sessions(
        hash BLOB PRIMARY KEY, user TEXT NOT NULL, csrf TEXT NOT NULL, expires_ns INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE api_tokens(
        id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, name TEXT NOT NULL, created_ns INTEGER NOT NULL,
        revoked_ns INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
    CREATE TABLE audit(
        number INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
        about TEXT NOT NULL, detail TEXT NOT NULL);
    """,
    "ALTER TABLE hosts ADD COLUMN forgotten_ns INTEGER NOT NULL DEFAULT 0",
)


class Database:
    """A connection. ``transaction`` makes several statements one; a single statement is one by itself."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises ``LocalError`` for a file that a newer server has written, or that is no database."""
        fresh = not path.exists()
        if fresh:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        try:
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
            self.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
            self._migrate(path)
        except sqlite3.DatabaseError as error:
            raise LocalError(f"cannot use the database {path}: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; waits up to 10 s for another process's transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def _migrate(self, path: Path) -> None:
        with self.transaction() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > len(_MIGRATIONS):
                raise LocalError(
                    f"{path} was written by a newer Outrider (version {version} of its tables, this one knows"
                    f" {len(_MIGRATIONS)}); install that version again"
                )
            for script in _MIGRATIONS[version:]:
                for statement in filter(str.strip, script.split(";")):
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
