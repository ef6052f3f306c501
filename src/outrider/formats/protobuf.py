"""The wire format of Protocol Buffers: fields of a message to bytes, and bytes to fields. Pure.

Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5
_MASK: Final = (1 << 64) - 1
_SMALL: Final = [bytes([n]) for n in range(128)]


def varint(value: int) -> bytes:
    """A number of up to 64 bits; a negative one as its complement."""
    value &= _MASK
    if value < 128:
        return _SMALL[value]
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


@cache
def key(number: int, kind: int) -> bytes:
    """What stands before a field."""
    return varint(number << 3 | kind)


def number(field: int, value: int) -> bytes:
    """A field of type int64, uint32, bool or enum."""
    return key(field, VARINT) + varint(value)


def fixed64(field: int, value: int) -> bytes:
    """A field of type fixed64."""
    return key(field, FIXED64) + struct.pack("<Q", value & _MASK)


def fixed32(field: int, value: int) -> bytes:
    """A field of type fixed32."""
    return key(field, FIXED32) + struct.pack("<I", value & 0xFFFFFFFF)


def double(field: int, value: float) -> bytes:
    """A field of type double."""
    return key(field, FIXED64) + struct.pack("<d", value)


def block(field: int, value: bytes) -> bytes:
    """A field of type bytes, string or message."""
    size = len(value)
    return key(field, LENGTH) + (_SMALL[size] if size < 128 else varint(size)) + value


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: their number, and a number or bytes. Raises ValueError when it is malformed."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind == LENGTH:
            size, at = _varint(data, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"unknown wire type {kind}")
        if size > len(data) - at:
            raise ValueError("cut off")
        yield tag >> 3, data[at : at + size] if kind == LENGTH else int.from_bytes(data[at : at + size], "little")
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("cut off")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & _MASK, at
    raise ValueError("a number is longer than 64 bits")
