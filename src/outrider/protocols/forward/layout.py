"""What raw frames and entries look like, by their first bytes: counted and cut without decoding. Pure."""

from __future__ import annotations

import re
from typing import Final

import msgpack as stream

from outrider.formats import msgpack

_SIGNED: Final = rb"\xd0[\x00-\x7f]|\xd1[\x00-\x7f].|\xd2[\x00-\x7f].{3}|\xd3[\x00-\x7f].{7}"
TIME: Final = rb"(?:\xd7\x00.{8}|[\x00-\x7f]|\xcc.|\xcd..|\xce.{4}|\xcf.{8}|" + _SIGNED + rb")"
"""Times of Message mode: EventTime or a whole number that is not negative; Docker's driver sends it as a signed one."""
MAP: Final = rb"[\x80-\x8f\xde\xdf]"
"""The first byte of a map."""

_ENTRY_TIME: Final = TIME[:-1] + rb"|\xca.{4}|\xcb.{8}|[\xd0-\xd3])"
_ENTRY: Final = re.compile(rb"\x92" + _ENTRY_TIME + MAP, re.DOTALL).match
_PLAIN_ENTRY: Final = b"\x92\xd7\x00"
_LENGTH_BYTES: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}


def count_entries(entries: bytes) -> tuple[int, int, str]:
    """How many good entries stand in front, where they end, and what is wrong with the next (empty at the end)."""
    count = _count_alike(entries)
    if count:
        return count, len(entries), ""
    unpacker = stream.Unpacker(max_buffer_size=0)
    unpacker.feed(entries)
    skip, tell = unpacker.skip, unpacker.tell
    count = start = 0
    try:
        while True:
            skip()
            if not _ENTRY(entries, start) and not _is_entry(entries[start : tell()]):
                return count, start, "an entry is not [time, record]"
            start = tell()
            count += 1
    except stream.OutOfData:
        return count, start, "" if start == len(entries) else "the last entry is cut off"
    except (stream.UnpackException, ValueError, RecursionError):
        return count, start, "an entry is not msgpack"


def _count_alike(entries: bytes) -> int:
    """The number of entries if the first begins with an EventTime, as nearly all do, and none is cut off; else 0."""
    count, end = count_whole(stream.Unpacker(max_buffer_size=0), entries)
    return count if end == len(entries) and entries.startswith(_PLAIN_ENTRY) else 0


def count_whole(unpacker: stream.Unpacker, data: bytes) -> tuple[int, int]:
    """How many whole values stand in front, and where they end; (0, -1) where something is not msgpack.

    ``unpacker`` is a new one; it has then read the beginning of the value that is not whole.
    """
    unpacker.feed(data)
    skip, tell = unpacker.skip, unpacker.tell
    count = end = 0
    try:
        while True:
            skip()
            end = tell()
            count += 1
    except stream.OutOfData:
        return count, end
    except (stream.UnpackException, ValueError, RecursionError):
        return 0, -1


def _is_entry(raw: bytes) -> bool:
    try:
        value = msgpack.decode(raw)
    except msgpack.MalformedError:
        return False
    return isinstance(value, list) and len(value) == 2 and msgpack.split_events([value])[3] == 0


def packed_at(buffer: bytes, start: int) -> tuple[str, bytes, int, int] | None:
    """Tag, payload, where the options stand and how many elements are left; None: not packed, or not whole."""
    found = _packed(buffer, start)
    if found is None or found[1][1] > len(buffer):
        return None
    tag, body = found
    text = buffer[tag[0] : tag[1]].decode("utf-8", "surrogateescape")
    return text, buffer[body[0] : body[1]], body[1], buffer[start] - 0x92


def packed_needs(buffer: bytes, start: int) -> int:
    """Where the payload ends of a PackedForward frame that begins here, perhaps behind the buffer; 0: no such frame."""
    found = _packed(buffer, start)
    return found[1][1] if found else 0


def run_head(buffer: bytes) -> bytes:
    """Array header, tag and EventTime header of the message with or without options that begins here; else empty."""
    tag = _sized(buffer, 1) if buffer[:1] in (b"\x93", b"\x94") and len(buffer) > 1 and is_str(buffer[1]) else None
    return buffer[: tag[1] + 2] if tag and buffer[tag[1] : tag[1] + 2] == b"\xd7\x00" else b""


def _packed(buffer: bytes, start: int) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Where tag and payload begin and end."""
    if buffer[start : start + 1] not in (b"\x92", b"\x93", b"\x94"):
        return None
    tag = _sized(buffer, start + 1)
    body = _sized(buffer, tag[1]) if tag and is_str(buffer[start + 1]) else None
    return (tag, body) if tag and body else None


def _sized(buffer: bytes, at: int) -> tuple[int, int] | None:
    """Where the content of the text or bytes at this place begins and ends; None for anything else."""
    kind = buffer[at] if at < len(buffer) else 0
    if 0xA0 <= kind <= 0xBF:
        return at + 1, at + 1 + (kind & 0x1F)
    width = _LENGTH_BYTES.get(kind, 0)
    if not width or at + 1 + width > len(buffer):
        return None
    begin = at + 1 + width
    return begin, begin + int.from_bytes(buffer[at + 1 : begin], "big")


def is_array(byte: int) -> bool:
    """Whether a value that begins so is an array."""
    return 0x90 <= byte <= 0x9F or byte in (0xDC, 0xDD)


def is_str(byte: int) -> bool:
    """Whether a value that begins so is text."""
    return 0xA0 <= byte <= 0xBF or byte in (0xD9, 0xDA, 0xDB)


def is_bin(byte: int) -> bool:
    """Whether a value that begins so is bytes."""
    return byte in (0xC4, 0xC5, 0xC6)
