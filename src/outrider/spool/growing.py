"""A file that grows until it is sent whole, and whose valid end is known at any moment.

Layout: a head, then the data. The head holds a magic, where the data begins, what the owner wrote about the file when
it was made, and two slots, written in turn: ``serial (8) | size of the valid data (8) | its crc32 (4) | length of the
owner's state (2) | state | crc32 of all this (4)``, integers big-endian. Data is written first and then the slot that
says that it counts, so a process that dies leaves bytes behind the valid end at most: they were never accepted, and
``take_up`` cuts them off. The data is what will be sent, byte for byte.

A file is locked while it is open: ``take_up`` tells a file of another living process from one that was left behind.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from isal import isal_zlib

from outrider.model.errors import LocalError

_MAGIC: Final = b"ORGF1\n\0\0"
_ABOUT: Final = struct.Struct(">III")
_SLOT: Final = struct.Struct(">QQIH")
_CHECK: Final = struct.Struct(">I")
_SLOT_PLACES: Final = (64, 256)
_SLOT_SIZE: Final = 192
_ABOUT_PLACE: Final = 448
_BLOCK: Final = 512
STATE_MAX: Final = _SLOT_SIZE - _SLOT.size - _CHECK.size
PIECE: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class _Note:
    """What a slot says."""

    serial: int
    size: int
    checksum: int
    state: bytes


class GrowingFile:
    """An open file. Every method raises LocalError when the disk refuses; the file is then as before."""

    def __init__(self, path: Path, fd: int, start: int, note: _Note, *, sync: bool) -> None:
        self.path = path
        self._fd: int | None = fd
        self._start = start
        self._note = note
        self._sync = sync

    @classmethod
    def create(cls, path: Path, about: bytes, state: bytes, *, sync: bool) -> GrowingFile:
        """A new file; ``about`` is kept as it is. The path names it only when its head is whole."""
        note = _Note(0, 0, 0, state)
        head = _head(about, note)
        temporary = path.with_suffix(".tmp")
        try:
            fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LocalError(f"cannot write {path.parent}: {error.strerror}") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_all(fd, head, 0)
            if sync:
                os.fsync(fd)
            os.rename(temporary, path)
            if sync:
                sync_directory(path.parent)
        except OSError as error:
            os.close(fd)
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise LocalError(f"cannot write {path.parent}: {error.strerror}") from error
        return cls(path, fd, len(head), note, sync=sync)

    @property
    def size(self) -> int:
        """Bytes of valid data."""
        return self._note.size

    @property
    def state(self) -> bytes:
        """What the owner noted last."""
        return self._note.state

    def append(self, data: bytes, state: bytes) -> None:
        """Add to the data and replace the state, both or neither; on return they survive the death of the process."""
        fd, old = self._opened(), self._note
        note = _Note(old.serial + 1, old.size + len(data), isal_zlib.crc32(data, old.checksum), state)
        try:
            if data:
                _write_all(fd, data, self._start + old.size)
                if self._sync:
                    os.fdatasync(fd)
            _write_all(fd, _slot(note), _SLOT_PLACES[note.serial % 2])
            if self._sync:
                os.fdatasync(fd)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, self._start + old.size)
            raise LocalError(f"cannot write {self.path.parent}: {error.strerror}") from error
        self._note = note

    def __iter__(self) -> Iterator[bytes]:
        """The valid data, PIECE bytes at a time; the file stays open. Raises LocalError when it cannot be read."""
        place, end = self._start, self._start + self._note.size
        while place < end:
            try:
                piece = os.pread(self._opened(), min(PIECE, end - place), place)
            except OSError as error:
                raise LocalError(f"cannot read {self.path}: {error.strerror}") from error
            if not piece:
                raise LocalError(f"{self.path} is shorter than it should be")
            place += len(piece)
            yield piece

    def _opened(self) -> int:
        if self._fd is None:
            try:
                self._fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise LocalError(f"cannot open {self.path}: {error.strerror}") from error
        return self._fd

    def move(self, directory: Path) -> None:
        """Put the file into another directory of the same file system."""
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            self.path = self.path.rename(directory / self.path.name)
        except OSError as error:
            raise LocalError(f"cannot move {self.path} to {directory}: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the file and its lock; what it holds stays, and the next call opens it again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def delete(self) -> None:
        """Remove the file."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise LocalError(f"cannot delete {self.path}: {error.strerror}") from error
        self.close()


def take_up(path: Path, *, sync: bool = False) -> tuple[GrowingFile, bytes] | None:
    """A file that was left behind, and what its owner wrote about it; None: another process has it open.

    Bytes behind the valid end are cut off. Raises LocalError when it cannot be opened, ValueError when it is damaged.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LocalError(f"cannot read {path}: {error.strerror}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        start, about, note = _read_head(os.pread(fd, 1 << 20, 0))
        found = GrowingFile(path, fd, start, note, sync=sync)
        checksum = 0
        for piece in found:
            checksum = isal_zlib.crc32(piece, checksum)
        if checksum != note.checksum:
            raise ValueError("checksum of the data does not fit")
        os.ftruncate(fd, start + note.size)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError as error:
        os.close(fd)
        raise LocalError(f"cannot read {path}: {error.strerror}") from error
    except LocalError as error:
        os.close(fd)
        raise ValueError(str(error)) from error
    except ValueError:
        os.close(fd)
        raise
    return found, about


def sync_directory(directory: Path) -> None:
    """Make the names in a directory last. Raises OSError."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _head(about: bytes, note: _Note) -> bytes:
    start = -(-(_ABOUT_PLACE + len(about)) // _BLOCK) * _BLOCK
    head = bytearray(start)
    head[: len(_MAGIC)] = _MAGIC
    place = len(_MAGIC)
    head[place : place + _ABOUT.size] = _ABOUT.pack(start, len(about), isal_zlib.crc32(about))
    head[_ABOUT_PLACE : _ABOUT_PLACE + len(about)] = about
    slot = _slot(note)
    head[_SLOT_PLACES[0] : _SLOT_PLACES[0] + len(slot)] = slot
    return bytes(head)


def _slot(note: _Note) -> bytes:
    assert len(note.state) <= STATE_MAX, "the state is too long"
    text = _SLOT.pack(note.serial, note.size, note.checksum, len(note.state)) + note.state
    return text + _CHECK.pack(isal_zlib.crc32(text))


def _read_head(head: bytes) -> tuple[int, bytes, _Note]:
    """Where the data begins, what the owner wrote, the newer good slot. Raises ValueError."""
    if not head.startswith(_MAGIC) or len(head) < _ABOUT_PLACE:
        raise ValueError("not such a file")
    start, length, checksum = _ABOUT.unpack_from(head, len(_MAGIC))
    about = head[_ABOUT_PLACE : _ABOUT_PLACE + length]
    if start != -(-(_ABOUT_PLACE + length) // _BLOCK) * _BLOCK or isal_zlib.crc32(about) != checksum:
        raise ValueError("damaged head")
    notes = [note for place in _SLOT_PLACES if (note := _read_slot(head[place : place + _SLOT_SIZE]))]
    if not notes:
        raise ValueError("no slot of the head is good")
    return start, about, max(notes, key=lambda note: note.serial)


def _read_slot(slot: bytes) -> _Note | None:
    serial, size, checksum, length = _SLOT.unpack_from(slot)
    end = _SLOT.size + length
    if length > STATE_MAX or _CHECK.unpack_from(slot, end)[0] != isal_zlib.crc32(slot[:end]):
        return None
    return _Note(serial, size, checksum, slot[_SLOT.size : end])


def _write_all(fd: int, data: bytes, place: int) -> None:
    """All of it or OSError: a disk that fills up takes a part without complaint."""
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, place)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view, place = view[written:], place + written
