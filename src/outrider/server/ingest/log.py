"""The writing side of the ingest log: append, sync once for many batches, recover, forget what is old."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from outrider.model.errors import LocalError
from outrider.server.ingest.frames import HEAD_BYTES, Frame, encode_frame, scan
from outrider.server.ingest.segments import SEGMENT_HEAD, list_segments, segment_head, segment_path

_IOV_MAX = 1024
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Entry(NamedTuple):
    """One batch to be appended: 16-byte ids, the payload as the agent sent it."""

    received_ns: int
    batch: bytes
    host: bytes
    rows: int
    payload: bytes


class DiskFullError(LocalError):
    """No room for the log. Nothing of the commit was kept; the same commit may succeed later."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening found: bytes of an unfinished last write, moved to ``aside`` (None where there were none)."""

    torn_bytes: int = 0
    aside: Path | None = None


class IngestLog:
    """The log in one directory, written by one thread of one process.

    ``committed`` is the position up to which everything is on disk; readers never look further.
    """

    def __init__(
        self, directory: Path, *, first: int = 0, segment_bytes: int = 64 << 20, reserve: int = 64 << 20
    ) -> None:
        """Open or create. ``first``: positions below it were used before, even if their files are gone.

        A commit that would leave less than ``reserve`` bytes free on the disk is refused. Raises ``LocalError`` where
        the directory cannot be used.
        """
        self.directory = directory
        self._segment_bytes, self._reserve = segment_bytes, reserve
        self._file = -1
        self._start = 0
        self._broken = ""
        self.committed = first
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.recovery = self._recover()
            if self._file < 0 or self.committed < first:
                self._begin_segment(max(self.committed, first))
        except OSError as error:
            raise LocalError(
                f"cannot open the ingest log in {directory}: {error.strerror}; it has to be a directory that this user"
                " can write, on a disk with room"
            ) from error

    def close(self) -> None:
        """Close the file. All that was committed is on disk already."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def commit(self, entries: Sequence[Entry]) -> list[int]:
        """Append and sync; the positions of the frames. All or nothing.

        Raises ``DiskFullError`` where there is no room, ``LocalError`` where the disk failed (then every later commit
        fails too: after a failed sync or cut nobody knows what is on the disk until the log is opened again).
        """
        if self._broken:
            raise LocalError(self._broken)
        if self.committed - self._start >= self._segment_bytes:
            try:
                self._begin_segment(self.committed)
            except OSError as error:
                raise self._failed(error) from error
        buffers: list[bytes] = []
        positions = []
        end = self.committed
        for entry in entries:
            head, payload = encode_frame(self._salt, *entry)
            buffers += (head, payload)
            positions.append(end)
            end += HEAD_BYTES + len(payload)
        if self._free() - (end - self.committed) < self._reserve:
            raise DiskFullError(f"less than {self._reserve >> 20} MiB are free for the ingest log in {self.directory}")
        self._write(buffers)
        self._sync()
        self.committed = end
        return positions

    def prune(self, stored: int, keep_bytes: int) -> int:
        """Delete whole segments that end at or before ``stored``, except the newest ``keep_bytes``; how many went."""
        removed = 0
        for segment in list_segments(self.directory):
            if segment.end > min(stored, self.committed - keep_bytes) or segment.start >= self._start:
                break
            segment.path.unlink()
            removed += 1
        return removed

    def first_position(self) -> int:
        """The lowest position that can still be read."""
        segments = list_segments(self.directory)
        return segments[0].start if segments else self.committed

    def _free(self) -> int:
        try:
            return shutil.disk_usage(self.directory).free
        except OSError as error:
            raise self._failed(error) from error

    def _write(self, buffers: list[bytes]) -> None:
        offset = self.committed - self._start
        try:
            for at in range(0, len(buffers), _IOV_MAX):
                part = buffers[at : at + _IOV_MAX]
                size = sum(map(len, part))
                written = os.pwritev(self._file, part, offset)
                if written < size:  # a nearly full disk takes a part and then refuses
                    rest = b"".join(part)[written:]
                    while rest:
                        n = os.pwrite(self._file, rest, offset + written)
                        written, rest = written + n, rest[n:]
                offset += size
        except OSError as error:
            self._cut()
            raise self._failed(error) from error

    def _cut(self) -> None:
        """Take back a commit that was written in part; what it left would be found again when the log is opened."""
        try:
            os.ftruncate(self._file, self.committed - self._start)
        except OSError as error:
            raise self._broke(error) from error

    def _sync(self) -> None:
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise self._broke(error) from error

    def _broke(self, error: OSError) -> LocalError:
        self._broken = f"the disk of the ingest log failed in {self.directory}: {error.strerror}; restart the server"
        return LocalError(self._broken)

    def _failed(self, error: OSError) -> LocalError:
        if error.errno in _FULL:
            return DiskFullError(f"the disk of the ingest log is full: {self.directory}")
        return LocalError(f"cannot write the ingest log in {self.directory}: {error.strerror}")

    def _begin_segment(self, start: int) -> None:
        salt = secrets.randbits(32)
        path = segment_path(self.directory, start)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, segment_head(salt))
            os.fsync(file)
            folder = os.open(self.directory, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError:
            os.close(file)
            raise
        self.close()
        self._file, self._salt = file, salt
        self._start, self.committed = start, start + SEGMENT_HEAD

    def _recover(self) -> Recovery:
        segments = list_segments(self.directory)
        if not segments:
            return Recovery()
        last = segments[-1]
        if last.end - last.start < SEGMENT_HEAD:
            # The process died while it began this segment: nothing in it was ever acknowledged.
            last.path.unlink()
            self.committed = last.start
            return Recovery()
        if last.salt is None:
            # What it holds is lost; readers see a gap in its place.
            self.committed = last.end
            return Recovery(last.end - last.start, last.path)
        data = last.path.read_bytes()
        end = SEGMENT_HEAD
        for piece in scan(data[SEGMENT_HEAD:], last.start + SEGMENT_HEAD, last.salt):
            if isinstance(piece, Frame):
                end = piece.end - last.start
        torn = len(data) - end
        aside = self._set_aside(last.path, end, torn) if torn else None
        self._salt, self._start = last.salt, last.start
        self._file = os.open(last.path, os.O_RDWR | os.O_CLOEXEC)
        os.ftruncate(self._file, end)
        # Frames that the last process wrote but had no time to sync are good; make that true of the disk as well.
        os.fsync(self._file)
        self.committed = last.start + end
        return Recovery(torn, aside)

    def _set_aside(self, path: Path, offset: int, length: int) -> Path:
        folder = self.directory / "aside"
        folder.mkdir(exist_ok=True)
        aside = folder / f"{path.stem}-{offset}-{length}.torn"
        with path.open("rb") as file:
            file.seek(offset)
            aside.write_bytes(file.read(length))
        return aside
