"""The bytes of one batch in the ingest log.

A frame is a head of 56 bytes, little-endian, and the payload as the agent sent it::

    magic "ORF1" | payload bytes u32 | CRC-32 u32 | received ns i64 | batch id 16 | host id 16 | rows u32

The CRC covers all that follows it and begins with the salt of the segment file, a random number that no agent knows:
a payload that imitates a frame is never taken for one when the reader looks for the next frame after damage.
A position is a byte offset counted from the first byte ever written to the log.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"ORF1"
_HEAD = struct.Struct("<4sII")
_META = struct.Struct("<q16s16sI")
HEAD_BYTES = _HEAD.size + _META.size
MAX_PAYLOAD = 64 << 20


@dataclass(frozen=True, slots=True)
class Frame:
    """One batch. ``position`` is where it starts in the log, ``end`` where the next one does."""

    position: int
    received_ns: int
    batch: bytes
    host: bytes
    rows: int
    payload: bytes

    @property
    def end(self) -> int:
        """The position after the last byte."""
        return self.position + HEAD_BYTES + len(self.payload)


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes between two positions that hold no good frame."""

    position: int
    end: int


def encode_frame(
    salt: int, received_ns: int, batch: bytes, host: bytes, rows: int, payload: bytes
) -> tuple[bytes, bytes]:
    """Head and payload, to be written one after the other; apart, so that the payload is not copied."""
    meta = _META.pack(received_ns, batch, host, rows)
    crc = zlib.crc32(payload, zlib.crc32(meta, salt))
    return _HEAD.pack(MAGIC, len(payload), crc) + meta, payload


def scan(data: bytes, base: int, salt: int) -> Iterator[Frame | Gap]:
    """Frames and gaps that together cover ``data`` exactly, in order; ``base`` is the position of its first byte.

    An incomplete frame at the end is part of a gap. Never raises.
    """
    view = memoryview(data)
    offset = gap = 0
    while offset < len(view):
        frame = _frame_at(view, offset, base, salt)
        if frame is None:
            offset = _next_magic(data, offset + 1)
            continue
        if gap < offset:
            yield Gap(base + gap, base + offset)
        yield frame
        offset = gap = frame.end - base
    if gap < len(view):
        yield Gap(base + gap, base + len(view))


def _frame_at(view: memoryview, offset: int, base: int, salt: int) -> Frame | None:
    start = offset + HEAD_BYTES
    if start > len(view):
        return None
    magic, length, crc = _HEAD.unpack_from(view, offset)
    if magic != MAGIC or length > MAX_PAYLOAD or start + length > len(view):
        return None
    if zlib.crc32(view[offset + _HEAD.size : start + length], salt) != crc:
        return None
    received_ns, batch, host, rows = _META.unpack_from(view, offset + _HEAD.size)
    return Frame(base + offset, received_ns, batch, host, rows, bytes(view[start : start + length]))


def _next_magic(data: bytes, offset: int) -> int:
    found = data.find(MAGIC, offset)
    return found if found >= 0 else len(data)
