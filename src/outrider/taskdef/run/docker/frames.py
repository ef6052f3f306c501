"""Docker's multiplexed log stream. Pure.

Each frame is a header of eight bytes (stream 1 stdout or 2 stderr, three zeros, big-endian size) and that many bytes of
output, which need not be a whole line.
"""

from __future__ import annotations

import struct

_HEADER = struct.Struct(">BxxxI")


class LineCounter:
    """Counts the lines of a stream that comes in pieces of any size; an unfinished one of each output counts too."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._finished = 0
        self._unfinished: set[int] = set()

    @property
    def lines(self) -> int:
        """Lines so far."""
        return self._finished + len(self._unfinished)

    def feed(self, data: bytes) -> None:
        """More of the stream."""
        self._buffer += data
        start = 0
        while len(self._buffer) - start >= _HEADER.size:
            stream, size = _HEADER.unpack_from(self._buffer, start)
            end = start + _HEADER.size + size
            if end > len(self._buffer):
                break
            self._count(stream, self._buffer[start + _HEADER.size : end])
            start = end
        del self._buffer[:start]

    def _count(self, stream: int, text: bytes | bytearray) -> None:
        if not text:
            return
        self._finished += text.count(b"\n")
        if text.endswith(b"\n"):
            self._unfinished.discard(stream)
        else:
            self._unfinished.add(stream)
