"""Numbers in buffers."""

from __future__ import annotations

from typing import Protocol

from outrider.ids.rules.numbers import Number
from outrider.ids.rules.steps import Read

_DIGITS = {8: frozenset(b"01234567"), 10: frozenset(b"0123456789"), 16: frozenset(b"0123456789abcdefABCDEF")}


class Looked(Protocol):
    """What is looked at."""

    data: bytes

    def value(self, number: Number) -> int | None:
        """A number, or the variable of this name."""


def number_at(read: Read, search: Looked, cursor: int) -> tuple[int, int] | None:
    """The number and where it ends; None if it is not there."""
    offset, size = search.value(read.offset), search.value(read.size)
    if offset is None or size is None:
        return None
    start = (cursor if read.relative else 0) + offset
    data = search.data
    if start < 0 or start > len(data) or size < 0:
        return None
    if read.base:
        found = _text(data, start, size, read.base)
        if found is None:
            return None
        value, end = found
    else:
        end = start + size
        if end > len(data) or size > 10:
            return None
        value = int.from_bytes(data[start:end], "little" if read.little else "big")
    if read.bitmask:
        value &= read.bitmask
        value >>= (read.bitmask & -read.bitmask).bit_length() - 1
    return value, end


def _text(data: bytes, start: int, size: int, base: int) -> tuple[int, int] | None:
    """Digits, after blanks and a sign; ``size`` 0 is as many as there are, at most 23."""
    stop = min(len(data), start + (size or 23))
    if size and start + size > len(data):
        return None
    at = start
    while at < stop and data[at] in b" \t\r\n\x0b\x0c":
        at += 1
    if at < stop and data[at] in b"+-":
        at += 1
    if base == 16 and data[at : at + 2].lower() == b"0x":
        at += 2
    begin = at
    while at < stop and data[at] in _DIGITS[base]:
        at += 1
    if at == begin:
        return None
    return int(data[begin:at], base), (start + size) if size else at
