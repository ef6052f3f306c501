"""Positions that survive a restart, in Fluent Bit's own table, so that its files can be taken over and given back.

Fluent Bit's columns mean what they mean there. ``outrider_check`` is ours: number and checksum of the bytes before the
position, which tell whether the file still is the one that was read. A file that is damaged, or no database, is set
aside under another name. Fluent Bit's ``offset_marker`` is written as
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


_DAMAGED: Final = {11: "damaged", 26: "no database"}
_FIXES: Final = {
    3: "make it and its directory writable for this user",
    5: "stop who else has it open, or give each tail input a database of its own",
    6: "stop who else has it open, or give each tail input a database of its own",
    8: "make it and its directory writable for this user",
    13: "make room on its disk",
    14: "make it and its directory writable for this user",
}
"""By the result codes of SQLite."""
_OTHER_FIX: Final = "see to its disk, or move the file away, and positions begin anew"
_BESIDE: Final = ("", "-journal", "-wal", "-shm")


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
    """The database. Every method raises LocalError when it refuses.

    ``set_aside`` says what was wrong with the file that was there and where it is now; empty where nothing was.
    """

    def __init__(self, path: str, *, sync: str, journal: str, locking: bool, by_name: bool) -> None:
        import sqlite3  # only who keeps positions pays for it

        self._path = path
        self.by_name = by_name
        self._error = sqlite3.Error
        self._ids: dict[tuple[str, int, int], int] = {}
        self.set_aside = ""
        try:
            try:
                self._open(sync, journal, locking)
            except sqlite3.DatabaseError as error:
                if _code(error) not in _DAMAGED:
                    raise
                self._connection.close()
                self._set_aside(_DAMAGED[_code(error)])
                self._open(sync, journal, locking)
        except sqlite3.Error as error:
            raise self._refused(error) from error

    def _open(self, sync: str, journal: str, locking: bool) -> None:
        import sqlite3

        self._connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._connection.text_factory = os.fsdecode  # names of files are bytes
        self._set_up(sync, journal, locking)
        (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            error = sqlite3.DatabaseError(found)
            error.sqlite_errorcode = next(iter(_DAMAGED))
            raise error

    def _set_aside(self, trouble: str) -> None:
        to = f"{self._path}.damaged"
        number = 1
        while os.path.lexists(to):
            number += 1
            to = f"{self._path}.damaged{number}"
        try:
            for end in _BESIDE:
                if end == "" or os.path.lexists(self._path + end):
                    os.rename(self._path + end, to + end)
        except OSError as error:
            raise LocalError(
                f"positions database {self._path} is {trouble}: to move it failed: {error.strerror}; fix: move it away"
            ) from error
        self.set_aside = (
            f"positions database {self._path} was {trouble}: it is {to} now, and a new one is begun. What was read "
            "before is unknown: files are read from their end, or from their head with Read_from_Head, so lines are "
            "missed or come twice"
        )

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
        fix = _FIXES.get(_code(error), _OTHER_FIX)
        return LocalError(f"positions database {self._path}: {error}; fix: {fix}")

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
            raise LocalError(f"positions database {self._path}: {error}; fix: {_OTHER_FIX}") from error

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


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where there is none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
