"""What is read back from disk: files that a crash, a full disk or a stranger may have changed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from fuzz.target import steered, target
from outrider.formats import msgpack
from outrider.model.errors import LocalError
from outrider.server.ingest import frames
from outrider.spool import chunkfile, growing

_HEADER: Final = chunkfile.Header("ab" * 16, "tag", "records", 1_700_000_000_000_000_000)


def _made() -> tuple[bytes, bytes, bytes]:
    """A chunk file, a growing file and two frames of the log, all good."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        chunk = chunkfile.ChunkFile(directory, _HEADER, sync=False)
        chunk.append(b"\x92\x01\x80", 1)
        chunk.append(b"\x92\x02\x80", 1)
        chunk.seal()
        chunkfile.mark_done(chunk.path, "out.0")
        grown = growing.GrowingFile.create(directory / "x.part", b"about", b"state", sync=False)
        grown.append(b"data", b"more")
        grown.close()
        log = b"".join(b"".join(frames.encode_frame(0, 1, b"b" * 16, b"h" * 16, 1, b"payload")) for _ in "12")
        return chunk.path.read_bytes(), grown.path.read_bytes(), log


_CHUNK, _GROWN, _LOG = _made()
_DIRECTORY: Final = tempfile.TemporaryDirectory(
    prefix="outrider-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None
)


def _recovered(contents: bytes) -> None:
    """What recovery makes of a file: good frames, or a text; after it every chunk can be read."""
    directory = Path(_DIRECTORY.name)
    path = directory / f"x{chunkfile.SUFFIX}"
    path.write_bytes(contents)
    try:
        for found in chunkfile.recover(directory):
            if isinstance(found, str):
                assert found
                continue
            assert sum(map(len, chunkfile.read(found.path))) == found.size
            again, raw = chunkfile.look(found.path)
            assert (again.count, again.damage) == (found.count, "")
            assert len(raw) >= 1
    finally:
        for left in directory.iterdir():
            left.unlink()


@target("spool.recover", _CHUNK, _CHUNK[:-5], _CHUNK[6:], weight=4)
def chunk_file(data: bytes) -> None:
    """A chunk file of any bytes."""
    _recovered(data)


@target(
    "spool.damaged",
    b"\x10\x00" + msgpack.encode({"id": 1, "tag": 2, "codec": 3, "created": 4.5}),
    b"\x10\xff" + msgpack.encode({"id": "x", "tag": "x", "codec": "x", "created": float("inf")}),
    weight=4,
)
def damaged(data: bytes) -> None:
    """A good chunk file in which one byte is changed, or whose sound header says anything."""
    place, mask, header = (data[:1] or b"\0")[0], (data[1:2] or b"\0")[0], data[2:]
    contents = bytearray(_CHUNK)
    contents[place % len(contents)] ^= mask
    _recovered(bytes(contents))
    if header:
        frame = chunkfile._frame(chunkfile._HEADER, header, 0)
        _recovered(b"".join((_CHUNK[:6], frame, chunkfile._frame(chunkfile._DATA, b"\xc0", 1))))


@target("spool.growing", _GROWN, _GROWN[:-2], weight=4)
def growing_file(data: bytes) -> None:
    """A growing file of any bytes."""
    path = Path(_DIRECTORY.name) / "x.grown"
    path.write_bytes(data)
    try:
        taken = growing.take_up(path)
    except (LocalError, ValueError):
        return
    finally:
        path.unlink(missing_ok=True)
    assert taken is not None
    found, _ = taken
    assert sum(map(len, found)) == found.size
    found.close()


@target("server.frames", _LOG, _LOG[3:], _LOG[:-1], weight=20)
def ingest(data: bytes) -> None:
    """The ingest log: frames and gaps cover every byte exactly once."""
    steer, log = steered(data)
    for contents in (log, _LOG[: steer % len(_LOG)] + log + _LOG):
        at = 7
        for piece in frames.scan(contents, 7, 0):
            assert piece.position == at
            at = piece.end
        assert at == 7 + len(contents)
