"""Positions that survive a restart, in Fluent Bit's own table, so that its files can be taken over and given back.

Fluent Bit's columns mean what they mean there. ``outrider_check`` is ours: number and checksum of the bytes before the
position, which tell whether the file still is the one that was read. Fluent Bit's ``offset_marker`` is written as
"none". Rows are found by inode (with ``db.compare_filename`` by inode and name).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from outrider.model.errors import LocalError

if TYPE_CHECKING:
    import sqlite3

_CREATE: Final = """
CREATE TABLE IF NOT EXISTS in_tail_files (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER, inode INTEGER, created INTEGER,
  rotated INTEGER DEFAULT 0, offset_marker INTEGER DEFAULT 0, offset_marker_size INTEGER DEFAULT 0)
"""
_ADDED: Final = {
    "offset_marker": "INTEGER DEFAULT 0",
    "offset_marker_size": "INTEGER DEFAULT 0",
    "outrider_check": "TEXT DEFAULT ''",
}
_UPDATE: Final = (
    "UPDATE in_tail_files SET name=?, offset=?, rotated=?, offset_marker=0, offset_marker_size=0, outrider_check=?"
    " WHERE id=?"
)
_INSERT: Final = (
    "INSERT INTO in_tail_files (name, offset, inode, created, rotated, outrider_check) VALUES (?, ?, ?, ?, ?, ?)"
)
_SYNC: Final = {"off": "OFF", "normal": "NORMAL", "full": "FULL", "extra": "EXTRA"}
_BUSY_SECONDS: Final = 2.0
"""How long somebody else may have the database when it is opened."""
_BUSY_MILLISECONDS: Final = 50
"""And when positions are saved, which is tried again."""


class Saved(Struct):
    """A row."""

    id: int
    name: str
    offset: int
    inode: int
    rotated: bool
    check: str


class Position(Struct, frozen=True):
    """What is to be saved of a file."""

    name: str
    device: int
    inode: int
    offset: int
    check: str
    rotated: bool


class Offsets:
    """The database. Every method raises LocalError when it refuses."""

    def __init__(self, path: str, *, sync: str, journal: str, locking: bool, by_name: bool) -> None:
        import sqlite3  # only who keeps positions pays for it

        self._path = path
        self.by_name = by_name
        self._error = sqlite3.Error
        self._ids: dict[tuple[str, int, int], int] = {}
        try:
            self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            self._connection.text_factory = os.fsdecode  # names of files are bytes
            self._set_up(sync, journal, locking)
        except sqlite3.Error as error:
            raise self._refused(error) from error

    def _set_up(self, sync: str, journal: str, locking: bool) -> None:
        connection = self._connection
        if locking:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute(f"PRAGMA synchronous={_SYNC[sync]}")
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute(_CREATE)
        there = {row[1] for row in connection.execute("PRAGMA table_info(in_tail_files)")}
        for column, kind in _ADDED.items():
            if column not in there:
                connection.execute(f"ALTER TABLE in_tail_files ADD COLUMN {column} {kind}")
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")

    def _refused(self, error: sqlite3.Error) -> LocalError:
        return LocalError(f"positions database {self._path}: {error}")

    def rows(self) -> list[Saved]:
        """All that is saved, the newest first."""
        try:
            found = self._connection.execute(
                "SELECT id, name, offset, inode, rotated, outrider_check FROM in_tail_files ORDER BY id DESC"
            )
            return [
                Saved(i, os.fsdecode(n), int(o or 0), int(k or 0), bool(r), str(c or "")) for i, n, o, k, r, c in found
            ]
        except (self._error, ValueError, TypeError) as error:
            raise LocalError(f"positions database {self._path}: {error}") from error

    def adopt(self, saved: Saved, position: Position) -> None:
        """The row is the file's from now on."""
        self._ids[self._key(position)] = saved.id

    def save(self, positions: Iterable[Position], gone: Iterable[Position] = ()) -> None:
        """Write them all and forget those that are gone, or do nothing."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for position in positions:
                    self._save(position)
                for position in gone:
                    row = self._ids.get(self._key(position))
                    if row is not None:
                        connection.execute("DELETE FROM in_tail_files WHERE id=?", (row,))
                connection.execute("COMMIT")
            except self._error:
                connection.execute("ROLLBACK")
                raise
        except self._error as error:
            raise self._refused(error) from error
        for position in gone:
            self._ids.pop(self._key(position), None)

    def _save(self, position: Position) -> None:
        key = self._key(position)
        row = self._ids.get(key)
        if row is not None:
            done = self._connection.execute(
                _UPDATE, (_stored(position.name), position.offset, int(position.rotated), position.check, row)
            )
            if done.rowcount:
                return
        made = self._connection.execute(
            _INSERT,
            (
                _stored(position.name),
                position.offset,
                position.inode,
                int(time.time()),
                int(position.rotated),
                position.check,
            ),
        )
        self._ids[key] = int(made.lastrowid or 0)

    def delete(self, ids: Iterable[int]) -> None:
        """Forget rows."""
        try:
            self._connection.executemany("DELETE FROM in_tail_files WHERE id=?", [(number,) for number in ids])
        except self._error as error:
            raise self._refused(error) from error

    def close(self) -> None:
        """Nothing more is saved."""
        self._connection.close()

    def _key(self, position: Position) -> tuple[str, int, int]:
        return (position.name if self.by_name else "", position.device, position.inode)


def _stored(name: str) -> str | bytes:
    """A name that is no UTF-8 is stored as the bytes that it is."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name)
    return name
