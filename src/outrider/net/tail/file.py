"""One followed file.

What is kept of it is a position, not a buffer: bytes behind the last whole line are read again when more has come.
A file that is truncated and grows again (``copytruncate``) is noticed by its length, or, when it has grown beyond the
old position meanwhile, by the bytes before the position, which are no longer what was read.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections import OrderedDict
from typing import Any, Final

from outrider.model.errors import LocalError

CHECK_SIZE: Final = 64
"""Bytes before the position that are compared."""


class TailFile:
    """A regular file. ``path`` is the name it was found by, ``offset`` where the next line begins."""

    __slots__ = (
        "_at_end",
        "check",
        "descriptor",
        "device",
        "held",
        "inode",
        "offset",
        "path",
        "real",
        "rotated",
        "safe",
        "state",
    )

    def __init__(self, path: str, status: os.stat_result) -> None:
        self.path = path
        self.real = os.path.realpath(path)
        """Where it lies; ``path`` may lead there by symbolic links."""
        self.device = status.st_dev
        self.inode = status.st_ino
        self.offset = 0
        self.check = b""
        self.held: int | None = None
        """Where the oldest line stands that was read but not handed in; it is read again after a restart."""
        self.descriptor = -1
        self.rotated: float | None = None
        """When it was seen that the name leads elsewhere, by the loop's clock."""
        self.state: Any = None
        """What the reader keeps with the file."""
        self.safe = True
        """Whether the newest lines are where they will be found after a crash: else the position is not saved."""
        self._at_end = True

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode."""
        return self.device, self.inode

    @property
    def saved_offset(self) -> int:
        """The position to go on from after a restart."""
        return self.offset if self.held is None else self.held

    @property
    def saved_check(self) -> str:
        """What tells after a restart whether the file still is the same."""
        if self.held is None:
            return checksum_of(self.check)
        if self.descriptor < 0:
            return ""
        start = max(0, self.held - CHECK_SIZE)
        return checksum_of(os.pread(self.descriptor, self.held - start, start))

    @property
    def seen(self) -> int:
        """The length of the file at which nothing of it is left to read."""
        return self.offset

    def go_to(self, offset: int) -> None:
        """Read on from this position."""
        self.offset = offset
        self.check = os.pread(self.descriptor, min(CHECK_SIZE, offset), max(0, offset - CHECK_SIZE))
        self._at_end = True

    def holds(self, offset: int, check: str) -> bool:
        """Whether the file still is what was read up to ``offset``; an empty ``check`` tells by the length alone."""
        if offset > os.fstat(self.descriptor).st_size:
            return False
        size, _, checksum = check.partition(":")
        if not checksum:
            return True
        before = os.pread(self.descriptor, int(size), max(0, offset - int(size)))
        return checksum_of(before) == check

    def read(self, size: int) -> tuple[bytes, bool]:
        """Up to ``size`` bytes from the position, and whether the file was truncated, which has reset the position.

        Raises OSError.
        """
        block = os.pread(self.descriptor, size, self.offset)
        truncated = self._at_end and not self._unchanged(block)
        if truncated:
            self.offset, self.check = 0, b""
            block = os.pread(self.descriptor, size, 0)
        self._at_end = len(block) < size
        return block, truncated

    def _unchanged(self, block: bytes) -> bool:
        """Called behind the read: what has stood still until now was in its place then."""
        if not block and os.fstat(self.descriptor).st_size < self.offset:
            return False
        check = self.check
        return not check or os.pread(self.descriptor, len(check), self.offset - len(check)) == check

    def advance(self, block: bytes, used: int) -> None:
        """The first ``used`` bytes of what was read are done."""
        self.check = block[max(0, used - CHECK_SIZE) : used] if used >= CHECK_SIZE else self.check + block[:used]
        self.check = self.check[-CHECK_SIZE:]
        self.offset += used

    def size(self) -> int:
        """Bytes in the file now. Raises OSError."""
        return os.fstat(self.descriptor).st_size

    def forget_cache(self) -> None:
        """Tell the kernel that what was read is not needed again."""
        os.posix_fadvise(self.descriptor, 0, self.offset, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        """Let go of the file."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def checksum_of(before: bytes) -> str:
    """What is kept of the bytes before a position: their number and checksum."""
    return f"{len(before)}:{zlib.crc32(before):08x}" if before else ""


class Descriptors:
    """Open files, so many at a time: the one that was not read for longest is closed when there are too many."""

    def __init__(self, limit: int) -> None:
        self._limit = max(1, limit)
        self._open: OrderedDict[int, TailFile] = OrderedDict()

    def open(self, file: TailFile) -> None:
        """See that the file is open. Raises LocalError when it cannot be opened or is gone."""
        if file.descriptor < 0:
            file.descriptor = self._opened(file)
            self._open[id(file)] = file
        self._open.move_to_end(id(file))
        if len(self._open) > self._limit:
            # One that was renamed can be found by its name no more: it is closed last.
            others = (other for other in self._open.values() if other.rotated is None and other is not file)
            self.close(next(others, next(iter(self._open.values()))))

    def close(self, file: TailFile) -> None:
        """Let go of the file."""
        self._open.pop(id(file), None)
        file.close()

    def close_all(self) -> None:
        """Let go of every file."""
        for file in list(self._open.values()):
            self.close(file)

    def _opened(self, file: TailFile) -> int:
        for path in (file.path, file.real):
            descriptor = _open(path)
            if descriptor is None:
                continue
            status = os.fstat(descriptor)
            if (status.st_dev, status.st_ino) == file.identity:
                return descriptor
            os.close(descriptor)
        renamed = by_inode(os.path.dirname(file.real)).get(file.inode)
        descriptor = _open(renamed) if renamed else None
        if descriptor is None:
            raise LocalError(f"cannot read {file.path}: it is gone or not readable")
        return descriptor


def by_inode(directory: str) -> dict[int, str]:
    """Inode to path of the regular files in a directory; empty where there is none."""
    try:
        with os.scandir(directory or ".") as entries:
            return {entry.inode(): entry.path for entry in entries if entry.is_file(follow_symlinks=False)}
    except OSError:
        return {}  # a directory that is gone has no files


def regular(path: str) -> os.stat_result | None:
    """The state of a regular file; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _open(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None  # the caller says what it wanted
