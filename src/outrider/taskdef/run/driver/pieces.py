"""Cut the output of a process into log messages as Docker's copier does.

Docker fills a buffer of 16,384 bytes by reads of up to 2,048 bytes and cuts at each newline; a full buffer without a
newline becomes one part of a longer line. What comes out does not depend on the size of the reads, so any split of the
bytes is accepted here; only the times do (a message bears the time of the read that completed it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BUFFER = 16384
"""Bytes of Docker's line buffer: the size of each part of a long line but the last."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where a piece stands in its line: an id common to all parts, an ordinal from 1, whether the line ends here."""

    id: str
    ordinal: int
    last: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """One log message: ``text`` without newline, ``time`` in nanoseconds since the epoch, ``part`` of a long line."""

    text: bytes
    time: int
    part: Part | None = None


class Cutter:
    """The pieces of one stream (stdout or stderr), whose bytes come in reads of any size.

    All parts of a line bear the time of the first. A line of exactly 16,384 bytes gives one part and an empty last one;
    what is left without a newline at the end of the stream is a part that no last one follows, as Docker has it.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        """``new_id`` returns 64 random hex digits for each line that is cut."""
        self._new_id = new_id
        self._rest = b""
        self._open: Part | None = None
        self._opened = 0
        self.lines = 0
        """Newlines seen, plus one for an unfinished line at the end: what the process wrote, counted before any cut."""

    def feed(self, data: bytes, now: int) -> list[Piece]:
        """The pieces completed by ``data``, which was read at ``now`` (nanoseconds)."""
        self.lines += data.count(b"\n")
        *lines, self._rest = (self._rest + data).split(b"\n")
        pieces: list[Piece] = []
        for line in lines:
            rest = self._cut(line, now, pieces)
            pieces.append(self._close(rest) if self._open else Piece(rest, now))
        self._rest = self._cut(self._rest, now, pieces)
        return pieces

    def end(self, now: int) -> list[Piece]:
        """The piece that no newline ended, if any. The stream is over."""
        if self._rest or self._open:
            self.lines += 1
        rest, self._rest = self._rest, b""
        return [self._part(rest, now)] if rest else []

    def _cut(self, line: bytes, now: int, pieces: list[Piece]) -> bytes:
        """Append the full parts of ``line`` to ``pieces``; return what is left of it."""
        start = 0
        while len(line) - start >= BUFFER:
            pieces.append(self._part(line[start : start + BUFFER], now))
            start += BUFFER
        return line[start:] if start else line

    def _part(self, text: bytes, now: int) -> Piece:
        if self._open is None:
            self._open, self._opened = Part(self._new_id(), 1, False), now
        else:
            self._open = Part(self._open.id, self._open.ordinal + 1, False)
        return Piece(text, self._opened, self._open)

    def _close(self, text: bytes) -> Piece:
        assert self._open is not None
        part = Part(self._open.id, self._open.ordinal + 1, True)
        self._open = None
        return Piece(text, self._opened, part)
