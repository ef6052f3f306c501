"""One chunk as one file.

Layout: ``ORSP2\\n``, then frames ``kind (1) | length (4) | records (4) | crc32 of the payload (4) | crc32 of these
13 bytes (4) | payload``, integers big-endian. The first frame (HEADER) holds id, tag, codec and creation time as
msgpack; DATA frames hold raw records; a DONE frame names an output that has delivered the chunk, so that it is not
sent there again after a restart.

A process that dies leaves at most one torn frame at the end, which is cut off at recovery: it was never accepted.
Checksums that do not fit are damage, behind which the next good frame is looked for. In both cases a copy of the file
is set aside as ``*.broken`` and its good frames are recovered. The head of a frame has a checksum of its own, so that a
wrong length is not taken for a torn end.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from outrider.formats import msgpack
from outrider.model.errors import LocalError

_MAGIC: Final = b"ORSP2\n"
_HEAD: Final = struct.Struct(">cIII")
_CHECK: Final = struct.Struct(">I")
_HEAD_SIZE: Final = _HEAD.size + _CHECK.size
_HEADER, _DATA, _DONE = b"H", b"D", b"O"
_KINDS: Final = re.compile(b"[HDO]")
_PROBE_SIZE: Final = 512 * 1024
SUFFIX: Final = ".chunk"
BROKEN: Final = ".broken"


class DamagedError(ValueError):
    """A file is there and can be read, and does not hold what it should; or it is gone."""


class Header(Struct, frozen=True):
    """What a chunk is: ``created`` in nanoseconds since the epoch."""

    id: str
    tag: str
    codec: str
    created: int


class Recovered(Struct):
    """A chunk that was found on disk."""

    path: Path
    header: Header
    count: int
    size: int
    done: set[str] = field(default_factory=set)
    damage: str = ""
    """Why a part of the file was set aside; empty where nothing was."""
    lost: int = 0
    """Records in damaged frames, as far as their number can be told; at least one for each damaged place."""
    torn: int = 0
    """Records in an unfinished last frame: never accepted, unless something has cut the file."""


class ChunkFile:
    """The file of a chunk that is being filled. Every method raises LocalError when the disk refuses."""

    def __init__(self, directory: Path, header: Header, *, sync: bool) -> None:
        self.path = directory / f"{header.created:020d}-{header.id}{SUFFIX}"
        self._sync = sync
        self._end = 0
        try:
            self._fd: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LocalError(f"cannot write the spool {directory}: {error.strerror}") from error
        try:
            self._write(_MAGIC + _header_frame(header))
        except LocalError:
            self.delete()
            raise
        if sync:
            try:
                _sync_directory(directory)
            except LocalError:
                self.delete()
                raise

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
        delete(self.path)

    def _write(self, data: bytes) -> None:
        assert self._fd is not None, "sealed"
        try:
            _write_all(self._fd, data)
            if self._sync:
                os.fdatasync(self._fd)
        except OSError as error:
            self._take_back()
            raise LocalError(f"cannot write the spool {self.path.parent}: {error.strerror}") from error
        self._end += len(data)

    def _take_back(self) -> None:
        """Cut off what a write that failed has left; where that fails too, recovery finds the torn end."""
        assert self._fd is not None, "sealed"
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, self._end)
            os.lseek(self._fd, self._end, os.SEEK_SET)


def mark_done(path: Path, output: str) -> None:
    """Remember that ``output`` has delivered the chunk."""
    try:
        with open(path, "ab", buffering=0) as file:
            end = file.tell()
            try:
                _write_all(file.fileno(), _frame(_DONE, output.encode(), 0))
            except OSError:
                file.truncate(end)
                raise
    except OSError as error:
        raise LocalError(f"cannot write the spool {path.parent}: {error.strerror}") from error


def replace(
    path: Path, header: Header, raw: bytes, count: int, done: Iterable[str] = (), *, sync: bool = False
) -> None:
    """Put other content in place of a sealed chunk's, at once or not at all; ``done`` outputs stay marked.

    With ``sync`` it has reached the disk before it takes the place of the other. Raises LocalError.
    """
    marks = [_frame(_DONE, output.encode(), 0) for output in sorted(done)]
    _write_whole(path, [_header_frame(header), _frame(_DATA, raw, count), *marks], sync=sync)


def delete(path: Path) -> None:
    """Remove a chunk's file, if it is there. Raises LocalError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise LocalError(f"cannot delete {path}: {error.strerror}") from error


def probe(directory: Path) -> None:
    """Whether there is room for a chunk to begin. Raises LocalError."""
    path = directory / "probe.tmp"
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write_all(fd, bytes(_PROBE_SIZE))
        finally:
            os.close(fd)
            path.unlink(missing_ok=True)
    except OSError as error:
        raise LocalError(f"cannot write the spool {directory}: {error.strerror}") from error


def set_aside(path: Path) -> Path:
    """Keep a file that cannot be used under another name, beside it; the new path. Raises LocalError."""
    aside = path.with_suffix(BROKEN)
    try:
        os.replace(path, aside)
    except OSError as error:
        raise LocalError(f"cannot set {path} aside: {error.strerror}") from error
    return aside


def read(path: Path) -> list[bytes]:
    """The raw pieces of a sealed chunk. Raises LocalError when it cannot be read now, DamagedError."""
    try:
        scan = _scan(_contents(path))
    except LocalError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise DamagedError(f"{path} is gone") from error
        raise
    if scan.damage:
        raise DamagedError(f"{path} is damaged: {scan.damage}")
    return [payload for kind, payload, _ in scan.frames if kind == _DATA]


def look(path: Path) -> tuple[Recovered, list[bytes]]:
    """What recovery would find in a file, and its good pieces; nothing is changed. Raises LocalError."""
    contents = _contents(path)
    scan = _scan(contents)
    data = [(payload, n) for kind, payload, n in scan.frames if kind == _DATA]
    header = _read_header(scan.frames)
    if header is None:
        raise LocalError(f"no readable records ({scan.damage or 'cut short'})")
    return _recovered(path, header, scan, scan.damage or _torn_end(scan, contents)), [payload for payload, _ in data]


def recover(directory: Path) -> Iterator[Recovered | str]:
    """The chunks that lie in a directory, oldest first; a text for each file that gives none.

    Torn ends are cut off, damaged files are set aside beside what could be saved of them, temporary files removed.
    """
    for leftover in directory.glob("*.tmp"):
        delete(leftover)
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        try:
            found = _recover_one(path)
        except LocalError as error:
            found = f"{error}; the file stays where it is"
        if found is not None:
            yield found


def _recover_one(path: Path) -> Recovered | str | None:
    """None for a file into which nothing was accepted. Raises LocalError."""
    contents = _contents(path)
    scan = _scan(contents)
    data = [(payload, n) for kind, payload, n in scan.frames if kind == _DATA]
    header = _read_header(scan.frames)
    if header is None or not data:
        if not scan.damage and not data and (header is None or scan.end == len(contents)):
            delete(path)  # died before the first record was accepted
            return None
        return f"{set_aside(path).name}: no readable records in it ({scan.damage or 'cut short'}); set aside"
    damage = scan.damage
    if damage:
        _keep_copy(path, contents)
        _write_whole(path, [_frame(kind, payload, n) for kind, payload, n in scan.frames], sync=True)
    elif scan.end < len(contents):
        damage = _torn_end(scan, contents)
        _keep_copy(path, contents)
        _cut(path, scan.end)
    return _recovered(path, header, scan, damage)


def _torn_end(scan: _Scan, contents: bytes) -> str:
    left = len(contents) - scan.end
    return f"{left} bytes of an unfinished frame at its end" if left > 0 else ""


def _recovered(path: Path, header: Header, scan: _Scan, damage: str) -> Recovered:
    data = [(payload, n) for kind, payload, n in scan.frames if kind == _DATA]
    done = {payload.decode("utf-8", "replace") for kind, payload, _ in scan.frames if kind == _DONE}
    size = sum(len(payload) for payload, _ in data)
    return Recovered(path, header, sum(n for _, n in data), size, done, damage, scan.lost, scan.torn)


def _cut(path: Path, end: int) -> None:
    try:
        os.truncate(path, end)
    except OSError as error:
        raise LocalError(f"cannot cut the torn end of {path}: {error.strerror}") from error


def _keep_copy(path: Path, contents: bytes) -> None:
    try:
        path.with_suffix(BROKEN).write_bytes(contents)
    except OSError as error:
        raise LocalError(f"{path} is damaged and cannot be set aside: {error.strerror}") from error


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LocalError(f"cannot read {path}: {error.strerror}") from error


class _Scan(Struct):
    """The good frames, what is wrong (empty for a torn end), and where the last whole frame ends."""

    frames: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    damage: str = ""
    end: int = 0
    lost: int = 0
    torn: int = 0


def _scan(contents: bytes) -> _Scan:
    found = _Scan()
    if not contents.startswith(_MAGIC):
        if _MAGIC.startswith(contents):
            return found
        found.damage = "not a chunk file"
        position = _next_frame(contents, 0)
    else:
        position = len(_MAGIC)
    while position + _HEAD_SIZE <= len(contents):
        if not _is_head(contents, position):
            found.damage = found.damage or f"damaged frame at byte {position}"
            found.lost += 1
            position = _next_frame(contents, position + 1)
            continue
        kind, length, count, checksum = _HEAD.unpack_from(contents, position)
        start = position + _HEAD_SIZE
        payload = contents[start : start + length]
        if len(payload) < length:
            found.torn = count if kind == _DATA else 0
            break
        if zlib.crc32(payload) == checksum:
            found.frames.append((kind, payload, count))
        else:
            found.damage = found.damage or f"checksum mismatch at byte {position}"
            found.lost += count if kind == _DATA else 0
        position = start + length
    found.end = position
    return found


def _is_head(contents: bytes, position: int) -> bool:
    head = contents[position : position + _HEAD_SIZE]
    return len(head) == _HEAD_SIZE and _CHECK.unpack_from(head, _HEAD.size)[0] == zlib.crc32(head[: _HEAD.size])


def _next_frame(contents: bytes, position: int) -> int:
    """Where the next frame begins, whatever stands before it; the end where there is none."""
    found = _KINDS.finditer(contents, position)
    return next((match.start() for match in found if _is_head(contents, match.start())), len(contents))


def _read_header(frames: list[tuple[bytes, bytes, int]]) -> Header | None:
    if not frames or frames[0][0] != _HEADER:
        return None
    try:
        value = msgpack.decode(frames[0][1])
        return Header(str(value["id"]), str(value["tag"]), str(value["codec"]), int(value["created"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _frame(kind: bytes, payload: bytes, count: int) -> bytes:
    head = _HEAD.pack(kind, len(payload), count, zlib.crc32(payload))
    return b"".join((head, _CHECK.pack(zlib.crc32(head)), payload))


def _header_frame(header: Header) -> bytes:
    fields = {"id": header.id, "tag": header.tag, "codec": header.codec, "created": header.created}
    return _frame(_HEADER, msgpack.encode(fields), 0)


def _write_whole(path: Path, frames: list[bytes], *, sync: bool) -> None:
    temporary = path.with_suffix(".tmp")
    try:
        with open(temporary, "wb", buffering=0) as file:
            _write_all(file.fileno(), b"".join([_MAGIC, *frames]))
            if sync:
                os.fsync(file.fileno())
        os.replace(temporary, path)
        if sync:
            _sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise LocalError(f"cannot write the spool {path.parent}: {error.strerror}") from error


def _write_all(fd: int, data: bytes) -> None:
    """All of it or OSError: a disk that fills up takes a part without complaint."""
    view = memoryview(data)
    while view:
        written = os.write(fd, view)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = view[written:]


def _sync_directory(directory: Path) -> None:
    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise LocalError(f"cannot write the spool {directory}: {error.strerror}") from error
