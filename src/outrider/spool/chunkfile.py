"""One chunk as one file.

Layout: ``ORSP1\\n``, then frames ``kind (1) | length (4) | records (4) | crc32 (4) | payload``, integers big-endian.
The first frame (HEADER) holds id, tag, codec and creation time as msgpack; DATA frames hold raw records; a DONE frame
names an output that has delivered the chunk, so that it is not sent there again after a restart.

A process that dies leaves at most one torn frame at the end, which is cut off at recovery. A frame whose checksum
does not fit is damage: the file is set aside as ``*.broken`` and what stood before the damage is recovered.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from outrider.formats import msgpack
from outrider.model.errors import LocalError

_MAGIC: Final = b"ORSP1\n"
_FRAME: Final = struct.Struct(">cIII")
_HEADER, _DATA, _DONE = b"H", b"D", b"O"
SUFFIX: Final = ".chunk"


@dataclass(frozen=True, slots=True)
class Header:
    """What a chunk is: ``created`` in nanoseconds since the epoch."""

    id: str
    tag: str
    codec: str
    created: int


@dataclass(slots=True)
class Recovered:
    """A chunk that was found on disk."""

    path: Path
    header: Header
    count: int
    size: int
    done: set[str] = field(default_factory=set)
    damage: str = ""
    """Why a part of the file was set aside; empty where nothing was."""


class ChunkFile:
    """The file of a chunk that is being filled. Every method raises LocalError when the disk refuses."""

    def __init__(self, directory: Path, header: Header, *, sync: bool) -> None:
        self.path = directory / f"{header.created:020d}-{header.id}{SUFFIX}"
        self._sync = sync
        self._end = 0
        try:
            self._fd: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LocalError(f"cannot create {self.path}: {error.strerror}") from error
        try:
            self._write(_MAGIC + _header_frame(header))
        except LocalError:
            self.delete()
            raise
        if sync:
            _sync_directory(directory)

    def append(self, raw: bytes, count: int) -> None:
        """Write ``count`` raw records; on return they survive the death of the process."""
        self._write(_frame(_DATA, raw, count))

    def seal(self) -> None:
        """No more appends."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def delete(self) -> None:
        """The chunk is where it should be."""
        self.seal()
        self.path.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        assert self._fd is not None, "sealed"
        try:
            written = os.write(self._fd, data)
            if written != len(data):
                raise OSError(28, os.strerror(28))
            if self._sync:
                os.fdatasync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, self._end)
            os.lseek(self._fd, self._end, os.SEEK_SET)
            raise LocalError(f"cannot write {self.path}: {error.strerror}") from error
        self._end += len(data)


def mark_done(path: Path, output: str) -> None:
    """Remember that ``output`` has delivered the chunk."""
    try:
        with open(path, "ab", buffering=0) as file:
            file.write(_frame(_DONE, output.encode(), 0))
    except OSError as error:
        raise LocalError(f"cannot write {path}: {error.strerror}") from error


def replace(path: Path, header: Header, raw: bytes, count: int) -> None:
    """Put other content in place of a sealed chunk's, at once or not at all."""
    _write_whole(path, [_header_frame(header), _frame(_DATA, raw, count)], sync=False)


def read(path: Path) -> list[bytes]:
    """The raw pieces of a sealed chunk. Raises LocalError when it cannot be read or is damaged."""
    frames, damage, _ = _scan(_contents(path))
    if damage:
        raise LocalError(f"{path} is damaged: {damage}")
    return [payload for kind, payload, _ in frames if kind == _DATA]


def recover(directory: Path) -> Iterator[Recovered | str]:
    """The chunks that lie in a directory, oldest first; a text for each file that holds none.

    Torn ends are cut off, damaged files are set aside beside what could be saved of them, temporary files removed.
    """
    for leftover in directory.glob("*.tmp"):
        leftover.unlink(missing_ok=True)
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        contents = _contents(path)
        frames, damage, end = _scan(contents)
        header = _read_header(frames)
        if header is None:
            if not damage and len(contents) < len(_MAGIC) + _FRAME.size + 64:
                path.unlink()  # died while the file was being created: nothing was accepted into it
                continue
            aside = path.with_suffix(".broken")
            path.rename(aside)
            yield f"{aside.name}: no readable chunk in it ({damage or 'no header'}); set aside"
            continue
        if damage:
            aside = path.with_suffix(".broken")
            path.rename(aside)
            _write_whole(path, [_frame(kind, payload, count) for kind, payload, count in frames], sync=True)
        elif end < len(contents):
            os.truncate(path, end)
        count = sum(n for kind, _, n in frames if kind == _DATA)
        if not count:
            path.unlink()
            continue
        yield Recovered(
            path,
            header,
            count,
            sum(len(payload) for kind, payload, _ in frames if kind == _DATA),
            {payload.decode("utf-8", "replace") for kind, payload, _ in frames if kind == _DONE},
            damage,
        )


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LocalError(f"cannot read {path}: {error.strerror}") from error


def _scan(contents: bytes) -> tuple[list[tuple[bytes, bytes, int]], str, int]:
    """Whole frames, what is wrong after them (empty for a torn end), and where the good part ends."""
    if not contents.startswith(_MAGIC):
        torn = _MAGIC.startswith(contents)
        return [], "" if torn else "not a chunk file", 0
    frames: list[tuple[bytes, bytes, int]] = []
    position = len(_MAGIC)
    while position + _FRAME.size <= len(contents):
        kind, length, count, checksum = _FRAME.unpack_from(contents, position)
        start = position + _FRAME.size
        payload = contents[start : start + length]
        if kind not in (_HEADER, _DATA, _DONE):
            return frames, f"unknown frame at byte {position}", position
        if len(payload) < length:
            break
        if zlib.crc32(payload, count) != checksum:
            return frames, f"checksum mismatch at byte {position}", position
        frames.append((kind, payload, count))
        position = start + length
    return frames, "", position


def _read_header(frames: list[tuple[bytes, bytes, int]]) -> Header | None:
    if not frames or frames[0][0] != _HEADER:
        return None
    try:
        value = msgpack.decode(frames[0][1])
        return Header(str(value["id"]), str(value["tag"]), str(value["codec"]), int(value["created"]))
    except (msgpack.MalformedError, KeyError, TypeError, ValueError):
        return None


def _frame(kind: bytes, payload: bytes, count: int) -> bytes:
    return _FRAME.pack(kind, len(payload), count, zlib.crc32(payload, count)) + payload


def _header_frame(header: Header) -> bytes:
    fields = {"id": header.id, "tag": header.tag, "codec": header.codec, "created": header.created}
    return _frame(_HEADER, msgpack.encode(fields), 0)


def _write_whole(path: Path, frames: list[bytes], *, sync: bool) -> None:
    temporary = path.with_suffix(".tmp")
    try:
        with open(temporary, "wb", buffering=0) as file:
            file.write(b"".join([_MAGIC, *frames]))
            if sync:
                os.fsync(file.fileno())
        os.replace(temporary, path)
        if sync:
            _sync_directory(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise LocalError(f"cannot write {path}: {error.strerror}") from error


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
