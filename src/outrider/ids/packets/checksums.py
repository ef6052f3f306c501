"""Sums of IP, TCP, UDP and ICMP (RFC 1071)."""

from __future__ import annotations

import struct
from functools import cache


@cache
def _words(count: int) -> struct.Struct:
    return struct.Struct(f">{count}H")


def total(data: bytes | memoryview, start: int = 0) -> int:
    """The folded sum of ``data`` as 16-bit words, added to ``start``; 0xFFFF for data with a right checksum in it."""
    size = len(data)
    if size & 1:
        start += data[-1] << 8
    start += sum(_words(size >> 1).unpack_from(data))
    while start > 0xFFFF:
        start = (start & 0xFFFF) + (start >> 16)
    return start


def pseudo(source: int, destination: int, protocol: int, length: int) -> int:
    """The sum of what TCP and UDP add of the IP header."""
    found = protocol + length
    for address in (source, destination):
        while address:
            found += address & 0xFFFF
            address >>= 16
    return found
