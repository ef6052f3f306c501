"""Where each file is to be read on: what an earlier process has saved, and what is to be saved next.

Without a database everything here does nothing. Positions are saved together and a little later: what is read twice
after a crash is what came since, nothing is left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator
from typing import Final

from outrider.model.errors import LocalError
from outrider.net.tail.file import TailFile, by_inode, regular
from outrider.net.tail.offsets import Offsets, Position, Saved

SHARE: Final = 20
"""Saving takes one part of so many of the time at most."""


class Positions:
    """``database`` is None where nothing is kept. ``warn`` is told when it refuses. Raises LocalError when made."""

    def __init__(self, database: Offsets | None, warn: Callable[[str], None]) -> None:
        self._database = database
        self._warn = warn
        self._changed: dict[tuple[int, int], TailFile] = {}
        self._gone: list[Position] = []
        self._next_save = 0.0
        self._saved: dict[int, list[Saved]] = {}
        for saved in database.rows() if database is not None else ():
            self._saved.setdefault(saved.inode, []).append(saved)

    def of(self, file: TailFile) -> Saved | None:
        """What was saved of a file; asked once for each."""
        rows = self._saved.get(file.inode, [])
        named = [saved for saved in rows if saved.name == file.path]
        if self._database is None or not (named or rows) or (self._database.by_name and not named):
            return None
        saved = named[0] if named else rows[0]
        rows.remove(saved)
        self._database.adopt(saved, _position(file))
        return saved

    def left_over(self, followed: Collection[tuple[int, int]]) -> Iterator[tuple[TailFile, Saved]]:
        """Files that have another name now, with what was saved of them; rows of files that are gone are forgotten.

        They are looked for beside their old name and, where that is a link, beside the file that it leads to.
        Inodes are used again, for files that have nothing to do with the old ones: only a file whose bytes before the
        position are known for sure is given.
        """
        listings: dict[str, dict[int, str]] = {}
        gone = []
        for saved in [row for rows in self._saved.values() for row in rows]:
            directory = os.path.dirname(saved.name)
            path = None
            for place in (directory, os.path.dirname(os.path.realpath(saved.name))):
                if place not in listings:
                    listings[place] = by_inode(place)
                path = path or listings[place].get(saved.inode)
            status = regular(path) if path else None
            if status is None or path is None:
                named = regular(saved.name)
                if os.path.isdir(directory or ".") and (named is None or named.st_ino != saved.inode):
                    gone.append(saved.id)
            elif saved.check and (status.st_dev, status.st_ino) not in followed:
                file = TailFile(path, status)
                file.path = saved.name
                yield file, saved
        self._try(lambda database: database.delete(gone))

    def adopt(self, file: TailFile, saved: Saved) -> None:
        """The file is the one that was saved."""
        if self._database is not None:
            self._database.adopt(saved, _position(file))

    def changed(self, file: TailFile) -> None:
        """The file's position is not the saved one."""
        if self._database is not None:
            self._changed[file.identity] = file

    def save(self, *, at_once: bool = False) -> None:
        """Save what has changed, but for files whose newest lines are not safe yet; not all the time, if it is much."""
        start = time.monotonic()
        if not (self._changed or self._gone) or (start < self._next_save and not at_once):
            return
        safe = [file for file in self._changed.values() if file.safe]
        gone = self._gone
        if self._try(lambda database: database.save([_position(file) for file in safe], gone)):
            self._gone = []
            for file in safe:
                del self._changed[file.identity]
        end = time.monotonic()
        self._next_save = end + SHARE * (end - start)

    def let_go(self, file: TailFile) -> None:
        """The file, which may still be open, is followed no more; it is forgotten when it was deleted."""
        if self._database is not None and file.descriptor >= 0 and not os.fstat(file.descriptor).st_nlink:
            self._changed.pop(file.identity, None)
            self._gone.append(_position(file))

    def close(self) -> None:
        """Save, and close the database."""
        self.save(at_once=True)
        if self._database is not None:
            self._database.close()

    def _try(self, work: Callable[[Offsets], None]) -> bool:
        if self._database is None:
            return True
        try:
            work(self._database)
        except LocalError as error:
            self._warn(f"{error}; tried again; a restart before that reads lines a second time")
            return False
        return True


def _position(file: TailFile) -> Position:
    rotated = file.rotated is not None
    return Position(file.path, file.device, file.inode, file.saved_offset, file.saved_check, rotated)
