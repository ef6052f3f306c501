"""The log's files on disk: one directory of segments, read by position.

A segment is named by the position of its first byte and begins with a head of 16 bytes (magic, salt) that is part of
the numbering, so that position minus name is the offset in the file.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from outrider.model.errors import LocalError
from outrider.server.ingest.frames import HEAD_BYTES, MAGIC, MAX_PAYLOAD, Frame, Gap, scan

_HEAD = struct.Struct("<8sII")
_SEGMENT_MAGIC = b"ORSEG1\r\n"
SEGMENT_HEAD = _HEAD.size
_SUFFIX = ".seg"


@dataclass(frozen=True, slots=True)
class Segment:
    """One file: positions ``start`` to ``end``. ``salt`` is None where the head is damaged."""

    path: Path
    start: int
    end: int
    salt: int | None


def segment_path(directory: Path, start: int) -> Path:
    """Where the segment that starts at this position lives; names sort by position."""
    return directory / f"{start:020d}{_SUFFIX}"


def segment_head(salt: int) -> bytes:
    """The first bytes of a segment."""
    return _HEAD.pack(_SEGMENT_MAGIC, salt, 0)


def list_segments(directory: Path) -> list[Segment]:
    """All segments by position. Files with other names are not ours and are left alone.

    Raises ``LocalError`` for one that cannot be read.
    """
    found = []
    for path in sorted(directory.glob(f"*{_SUFFIX}")):
        if not (path.stem.isascii() and path.stem.isdecimal()):
            continue
        try:
            with path.open("rb") as file:
                head = file.read(SEGMENT_HEAD)
                size = os.fstat(file.fileno()).st_size
        except FileNotFoundError:
            # Pruned since the directory was listed.
            continue
        except OSError as error:
            raise LocalError(
                f"cannot read {path}, a segment of the ingest log by its name: {error.strerror}; mend it, or move it"
                " away if it is not one"
            ) from error
        salt = None
        if len(head) == SEGMENT_HEAD and head.startswith(_SEGMENT_MAGIC):
            salt = _HEAD.unpack(head)[1]
        found.append(Segment(path, int(path.stem), int(path.stem) + size, salt))
    return found


class LogReader:
    """Reads frames by position while another thread or process appends. Not for use by several threads at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = -1
        self._segment: Segment | None = None

    def close(self) -> None:
        """Close the open segment, if any."""
        if self._file >= 0:
            os.close(self._file)
            self._file, self._segment = -1, None

    def read(self, position: int, limit: int) -> Frame | Gap | None:
        """The frame or the gap that begins at ``position``; None where ``position`` has reached ``limit``.

        Nothing at or after ``limit`` (the log's committed end) is looked at. A gap may begin after ``position`` when
        a segment's head lies between.
        """
        if position >= limit:
            return None
        segment = self._at(position)
        if segment is None:
            later = [s.start for s in list_segments(self._directory) if s.start > position]
            return Gap(position, min([*later, limit]))
        end = min(segment.start + os.fstat(self._file).st_size, limit)
        if segment.salt is None:
            return Gap(position, end)
        position = max(position, segment.start + SEGMENT_HEAD)
        if position >= end:
            return self.read(end, limit)
        return self._frame(segment, position, end, segment.salt)

    def _frame(self, segment: Segment, position: int, end: int, salt: int) -> Frame | Gap:
        offset = position - segment.start
        head = os.pread(self._file, HEAD_BYTES, offset)
        length = int.from_bytes(head[4:8], "little")
        if head.startswith(MAGIC) and length <= MAX_PAYLOAD and position + HEAD_BYTES + length <= end:
            data = head + os.pread(self._file, length, offset + HEAD_BYTES)
            first = next(scan(data, position, salt))
            if isinstance(first, Frame):
                return first
        # Damage: look for the next good frame in the rest of the segment.
        return next(scan(os.pread(self._file, end - position, offset), position, salt))

    def _at(self, position: int) -> Segment | None:
        now = self._segment
        if now is not None and now.start <= position < now.start + os.fstat(self._file).st_size:
            return now
        self.close()
        for segment in list_segments(self._directory):
            if segment.start <= position < segment.end:
                self._file, self._segment = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC), segment
                return segment
        return None
