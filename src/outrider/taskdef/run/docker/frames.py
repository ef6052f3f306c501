"""Docker's multiplexed log stream. Pure.

Each frame is a header of eight bytes (stream 1 stdout or 2 stderr, three zeros, big-endian size) and that many bytes of
output, which need not be a whole line.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from outrider.taskdef.run.driver.pieces import Cutter, Piece

_HEADER = struct.Struct(">BxxxI")


class LineCounter:
    """Counts the lines of a stream that comes in pieces of any size; an unfinished one of each output counts too.

    ``on_line`` gets each line, a long one in pieces, after the first ``skip`` of them; ``told`` counts these calls and
    the skipped.
    """

    def __init__(self, on_line: Callable[[str], None], skip: int = 0) -> None:
        self.told = 0
        self._on_line = on_line
        self._skip = skip
        self._cutters: dict[int, Cutter] = {}
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

    def end(self) -> None:
        """The stream is over: an unfinished line is one."""
        for cutter in self._cutters.values():
            self._tell(cutter.end(0))

    def _tell(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self.told += 1
            if self.told > self._skip:
                self._on_line(piece.text.decode(errors="replace"))

    def _count(self, stream: int, text: bytes | bytearray) -> None:
        if not text:
            return
        self._tell(self._cutters.setdefault(stream, Cutter(str)).feed(bytes(text), 0))
        self._finished += text.count(b"\n")
        if text.endswith(b"\n"):
            self._unfinished.discard(stream)
        else:
            self._unfinished.add(stream)
