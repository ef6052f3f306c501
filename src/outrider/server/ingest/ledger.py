"""Which batches the server has received, and how many records of each host were received, stored or lost.

A derived index (SQLite): it is written after the log's sync and rebuilt from the log where it lags behind, so it never
needs a sync of its own to be right.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from outrider.model.errors import LocalError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches(
    pos INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, rows INTEGER NOT NULL, received_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS hosts(
    host BLOB PRIMARY KEY, batches INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0, stored INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0,
    last_ns INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress(
    one INTEGER PRIMARY KEY CHECK(one = 1), upto INTEGER NOT NULL, stored INTEGER NOT NULL);
INSERT OR IGNORE INTO progress VALUES(1, 0, 0);
"""
_COUNTS = "host, batches, duplicates, received, stored, lost, last_ns"


class Received(NamedTuple):
    """One batch in the log."""

    position: int
    end: int
    received_ns: int
    batch: bytes
    host: bytes
    rows: int


@dataclass(frozen=True, slots=True)
class HostCount:
    """One host's records: ``received = stored + waiting + lost`` (lost: the log was damaged after the answer)."""

    host: bytes
    batches: int
    duplicates: int
    received: int
    stored: int
    lost: int
    last_ns: int

    @property
    def waiting(self) -> int:
        """In the log, not yet in the store."""
        return self.received - self.stored - self.lost


class Ledger:
    """The index in one SQLite file. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises ``LocalError`` for a file that is damaged."""
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _SCHEMA)
            self.upto, self.stored_upto = self._db.execute("SELECT upto, stored FROM progress").fetchone()
        except sqlite3.Error as error:
            raise LocalError(
                f"cannot use {path} ({error}); move it and what lies beside it ({path.name}-wal, {path.name}-shm) away,"
                " it is made anew from the ingest log"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def known(self, host: bytes, batch: bytes) -> bool:
        """Was this batch of this host received before?"""
        return self._db.execute("SELECT 1 FROM batches WHERE key = ?", (host + batch,)).fetchone() is not None

    def add(self, received: Sequence[Received], duplicates: Iterable[bytes] = ()) -> None:
        """Count new batches, and one duplicate for each host id in ``duplicates``; ``upto`` moves on."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO batches VALUES(?, ?, ?, ?)",
                [(r.position, r.host + r.batch, r.rows, r.received_ns) for r in received],
            )
            self._db.executemany(
                "INSERT INTO hosts(host, batches, received, last_ns) VALUES(?, 1, ?, ?) ON CONFLICT(host) DO UPDATE SET"
                " batches = batches + 1, received = received + excluded.received, last_ns = excluded.last_ns",
                [(r.host, r.rows, r.received_ns) for r in received],
            )
            self._db.executemany(
                "UPDATE hosts SET duplicates = duplicates + 1 WHERE host = ?", [(h,) for h in duplicates]
            )
            upto = received[-1].end if received else self.upto
            self._db.execute("UPDATE progress SET upto = ?", (upto,))
        self.upto = upto

    def skip(self, upto: int) -> None:
        """Nothing of use lies below this position."""
        self._db.execute("UPDATE progress SET upto = ?", (upto,))
        self.upto = upto

    def stored(self, upto: int, gaps: Sequence[tuple[int, int]] = ()) -> None:
        """The store holds everything below ``upto`` except what lies in ``gaps`` (start, end), which is lost."""
        if upto <= self.stored_upto:
            return
        since = self.stored_upto
        with self._transaction():
            for start, end in gaps:
                self._move("lost", max(start, since), min(end, upto))
                self._move("stored", max(start, since), min(end, upto), sign=-1)
            self._move("stored", since, upto)
            self._db.execute("UPDATE progress SET stored = ?", (upto,))
        self.stored_upto = upto

    def hosts(self) -> list[HostCount]:
        """The count of each host that ever sent a batch."""
        return [HostCount(*row) for row in self._db.execute(f"SELECT {_COUNTS} FROM hosts")]

    def host(self, host: bytes) -> HostCount:
        """The count of one host; zeros where it never sent a batch."""
        row = self._db.execute(f"SELECT {_COUNTS} FROM hosts WHERE host = ?", (host,)).fetchone()
        return HostCount(*row) if row else HostCount(host, 0, 0, 0, 0, 0, 0)

    def forget(self, before_ns: int) -> int:
        """Forget ids of stored batches received before this time: sent again after it they would be stored again."""
        return self._db.execute(
            "DELETE FROM batches WHERE received_ns < ? AND pos < ?", (before_ns, self.stored_upto)
        ).rowcount

    def _move(self, column: str, start: int, end: int, sign: int = 1) -> None:
        # The column is one of two words of this module, never input.
        self._db.execute(
            f"UPDATE hosts SET {column} = {column} + {sign} * sums.n FROM"
            " (SELECT substr(key, 1, 16) AS h, sum(rows) AS n FROM batches WHERE pos >= ? AND pos < ? GROUP BY h)"
            " AS sums WHERE hosts.host = sums.h",
            (start, end),
        )

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._db.execute("ROLLBACK" if kind else "COMMIT")
