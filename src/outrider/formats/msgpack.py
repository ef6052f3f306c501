"""Msgpack streams: finding message boundaries without decoding, and decoding many values in one call.

``msgspec`` decodes fastest but refuses concatenated values; an array header in front makes them one value.
It also refuses text that is not UTF-8, which container logs do hold: such blocks take the slow way, where an
undecodable byte becomes a surrogate escape (``\\udc80`` to ``\\udcff``) and so survives to the outputs.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import msgpack
import msgspec

from outrider.model.batch import Record

Ext = msgspec.msgpack.Ext
NANOSECONDS: Final = 1_000_000_000
TIME_MAX: Final = (1 << 63) - 1
"""The latest time that we handle, in nanoseconds: in the year 2262."""

DEPTH_MAX: Final = 1000
"""Maps and lists in one another. A decoder of msgpack takes 1024, here and elsewhere; others stop sooner."""

_CONTAINERS: Final = frozenset({dict, list, tuple})
_EVENT_TIME_MAX: Final = (1 << 32) * NANOSECONDS - 1
_UPPER: Final = (1 << 32) - NANOSECONDS
_LONE_SURROGATE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")

_code, _data = attrgetter("code"), attrgetter("data")
_decode = msgspec.msgpack.Decoder().decode
_encode = msgspec.msgpack.Encoder().encode


class MalformedError(ValueError):
    """The bytes are not the msgpack that they should be."""


def array_header(count: int) -> bytes:
    """The header of an array of ``count`` values (array 32)."""
    return b"\xdd" + count.to_bytes(4, "big")


def decode(raw: bytes) -> Any:
    """One value. Raises MalformedError, also for one that is nested more than about a thousand deep."""
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_slowly(raw)


def decode_values(pieces: Sequence[bytes], count: int) -> list[Any]:
    """``count`` values that stand one after another in the joined pieces; None for one that cannot be decoded.

    Raises MalformedError when the bytes are not so many values.
    """
    try:
        values = decode(b"".join([array_header(count), *pieces]))
    except MalformedError:
        values = _decode_each(b"".join(pieces))
    if len(values) != count:
        raise MalformedError(f"{len(values)} values instead of {count}")
    return list(values)


def _decode_each(raw: bytes) -> list[Any]:
    """The values one by one, so that a bad one (a timestamp that is none, say) does not spoil its neighbours."""
    unpacker = msgpack.Unpacker(max_buffer_size=0)
    unpacker.feed(raw)
    values: list[Any] = []
    start = 0
    while start < len(raw):
        try:
            unpacker.skip()
        except (msgpack.UnpackException, ValueError, RecursionError) as error:
            raise MalformedError("values are cut off or not msgpack") from error
        end = unpacker.tell()
        try:
            values.append(decode(raw[start:end]))
        except MalformedError:
            values.append(None)
        start = end
    return values


def _decode_slowly(raw: bytes) -> Any:
    unpacker = msgpack.Unpacker(
        raw=False, unicode_errors="surrogateescape", strict_map_key=False, ext_hook=Ext, max_buffer_size=0
    )
    unpacker.feed(raw)
    try:
        value = unpacker.unpack()
    except (msgpack.UnpackException, ValueError, TypeError) as error:
        raise MalformedError(f"not msgpack: {error or type(error).__name__}") from error
    if unpacker.tell() != len(raw):
        raise MalformedError("bytes after the last value")
    return value


def encode(value: Any) -> bytes:
    """One value; surrogate escapes become the bytes they stand for. What comes out can be decoded again.

    What msgpack has no form for is replaced: integers beyond 64 bits by floats, other lone surrogates by U+FFFD, and,
    where it is nested too deeply for the encoder, what is more than DEPTH_MAX deep by nil.
    """
    try:
        return _encode(value)
    except (UnicodeEncodeError, OverflowError, RecursionError):
        return _encode_slowly(value)


def encode_each(values: Sequence[Any]) -> list[bytes]:
    """Each value for itself, as ``encode`` does."""
    try:
        return list(map(_encode, values))
    except (UnicodeEncodeError, OverflowError, RecursionError):
        return list(map(encode, values))


def encode_behind(heads: Sequence[bytes], values: Sequence[Any]) -> memoryview:
    """Each value as ``encode`` does, behind its head, all joined.

    One call encodes all of it: to make an object for each value and to join them costs twice as much.
    """
    column: list[Any] = [None] * (2 * len(values))
    column[::2] = map(msgspec.Raw, heads)
    column[1::2] = values
    try:
        data = _encode(column)
    except (UnicodeEncodeError, OverflowError, RecursionError):
        return memoryview(b"".join(chain.from_iterable(zip(heads, encode_each(values), strict=True))))
    return memoryview(data)[1 if len(column) < 1 << 4 else 3 if len(column) < 1 << 16 else 5 :]


def binary_header(size: int) -> bytes:
    """The header of so many raw bytes (bin 8, 16 or 32)."""
    if size < 1 << 8:
        return b"\xc4" + size.to_bytes(1, "big")
    return b"\xc5" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xc6" + size.to_bytes(4, "big")


def _encode_slowly(value: Any) -> bytes:
    """Part by part: ``waiting`` holds what is still to be written, for each level what stands behind it there."""
    packer = msgpack.Packer(unicode_errors="surrogateescape", datetime=True, autoreset=False)
    pack = packer.pack
    waiting = [iter((value,))]
    while waiting:
        for part in waiting[-1]:
            kind = type(part)
            if kind is str:
                pack(part if part.isascii() else _LONE_SURROGATE.sub("\ufffd", part))
            elif kind is int:
                pack(part if -(1 << 63) <= part < 1 << 64 else _float(part))
            elif kind is Ext:
                packer.pack_ext_type(part.code, part.data)
            elif kind not in _CONTAINERS:
                pack(part)
            elif len(waiting) > DEPTH_MAX:
                pack(None)
            else:
                (packer.pack_map_header if kind is dict else packer.pack_array_header)(len(part))
                waiting.append(chain.from_iterable(part.items()) if kind is dict else iter(part))
                break
        else:
            waiting.pop()
    packed: bytes = packer.bytes()
    return packed


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def event_time(nanoseconds: int) -> Ext:
    """Fluentd's EventTime: extension type 0, seconds and nanoseconds as two big-endian unsigned 32-bit integers.

    A time before 1970 or after 2106 becomes the nearest that has this form.
    """
    return Ext(0, struct.pack(">II", *divmod(min(max(nanoseconds, 0), _EVENT_TIME_MAX), NANOSECONDS)))


def event_times(times: Sequence[int], front: bytes = b"", behind: bytes = b"") -> list[bytes]:
    """Each time of a batch, in nanoseconds, as an encoded EventTime; for times out of its range see ``event_time``.

    ``front`` stands before each and ``behind`` after it.
    """
    if times and (min(times) < 0 or max(times) > _EVENT_TIME_MAX):
        times = [min(max(time, 0), _EVENT_TIME_MAX) for time in times]
    stamps: list[int] = []  # seconds in the upper half of 64 bits, nanoseconds in the lower one
    begin = end = shift = 0
    for time in times:
        if not begin <= time < end:  # times come in runs of the same second: most need no division
            begin = time - time % NANOSECONDS
            end, shift = begin + NANOSECONDS, begin // NANOSECONDS * _UPPER
        stamps.append(time + shift)
    packed = struct.pack(f">{len(times)}Q", *stamps)
    blank = b"%b\xd7\x00%b%b" % (front, bytes(8), behind)
    width, start = len(blank), len(front) + 2
    filled = bytearray(blank * len(times))
    for byte in range(8):  # strided copies in C: a third of what cutting and joining takes
        filled[start + byte :: width] = packed[byte::8]
    return list(chain.from_iterable(struct.iter_unpack(f"{width}s", filled)))


def nanoseconds_all(times: Sequence[Any]) -> list[int]:
    """Times as received (EventTime extension, integer or fractional seconds), as nanoseconds since the epoch.

    Raises MalformedError for anything else.
    """
    try:
        joined = b"".join(map(_data, times))
        alike = set(map(_code, times)) <= {0} and len(joined) == 8 * len(times)
    except AttributeError:
        alike = False
    if not alike:
        return [nanoseconds(time) for time in times]
    parts = struct.unpack(f">{2 * len(times)}I", joined)
    return [s * NANOSECONDS + n for s, n in zip(parts[::2], parts[1::2], strict=True)]


def nanoseconds(time: Any) -> int:
    """One time as received, as nanoseconds since the epoch, at most TIME_MAX. Raises MalformedError."""
    kind = type(time)
    if kind is int:
        return max(-TIME_MAX, min(int(time) * NANOSECONDS, TIME_MAX))
    if kind is float and abs(time) < 1e11:
        return max(-TIME_MAX, min(round(float(time) * NANOSECONDS), TIME_MAX))
    if kind is Ext and time.code == 0 and len(time.data) == 8:
        seconds, fraction = struct.unpack(">II", time.data)
        return int(seconds * NANOSECONDS + fraction)
    raise MalformedError(f"not a time: {time!r}"[:80])


def split_events(entries: Iterable[Any]) -> tuple[list[int], list[Record], list[Record] | None, int]:
    """Columns of ``[time, record]`` or ``[[time, metadata], record]`` entries.

    Returns times, records, metadata (None where no entry has any) and the number of entries left out as malformed.
    """
    times: list[int] = []
    records: list[Record] = []
    metadata: list[Record] = []
    bad = 0
    for entry in entries:
        try:
            time, record = entry[0], entry[1]
            meta: Record = {}
            if type(time) is list:
                time, meta = time
            stamp = nanoseconds(time)
        except (MalformedError, IndexError, KeyError, TypeError, ValueError):
            bad += 1
            continue
        if type(record) is not dict or type(meta) is not dict:
            bad += 1
            continue
        times.append(stamp)
        records.append(record)
        metadata.append(meta)
    return times, records, metadata if any(metadata) else None, bad
