"""Messages in a stream: one a line, or counted (RFC 6587), or whichever each message turns out to be.

A machine is fed whatever the socket gave; any split of the bytes gives the same messages. It holds at most one message.
A message longer than the limit is cut there and counted in ``cut``; the rest of it is skipped and counted in
``skipped`` bytes. Blank lines are no messages. A carriage return before a line feed belongs to the line end.

``complete`` and ``messages`` are for those who keep the raw lines and look into them later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol

MESSAGE_LIMIT: Final = 786_432 + 2_048
"""Bytes: the longest message that senders here are told to make, and room for a header."""

_DIGITS = b"0123456789"
_COUNT_DIGITS = 10


class Framing(Protocol):
    """What the three machines have in common."""

    @property
    def cut(self) -> int:
        """Messages cut at the limit, or ended by the end of the stream."""

    @property
    def skipped(self) -> int:
        """Bytes left out behind cuts, or after an error."""

    @property
    def error(self) -> str | None:
        """Why the stream cannot be read on; None while it can."""

    @property
    def waiting(self) -> int:
        """Bytes of an unfinished message."""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete with these bytes, without line ends. Nothing once there is an ``error``."""

    def end(self) -> list[bytes]:
        """The last message, if the sender hung up without ending it."""


def complete(data: bytes) -> tuple[bytes, int, bytes]:
    """Split after the last line feed: the whole lines as they are, how many messages they hold, and the rest."""
    end = data.rfind(b"\n") + 1
    whole = data[:end]
    return whole, _count(whole), data[end:]


def messages(whole: bytes) -> list[bytes]:
    """The messages of whole lines, as many as ``complete`` has counted."""
    lines = whole.split(b"\n")
    if b"\r" in whole:
        lines = [line.removesuffix(b"\r") for line in lines]
    return [line for line in lines if line]


def _count(whole: bytes) -> int:
    if b"\r" in whole:
        return len(messages(whole))
    lines = whole.split(b"\n")
    return len(lines) - lines.count(b"")


class NewlineFraming:
    """One message a line. ``feed_lines`` is ``feed`` without taking the lines apart."""

    __slots__ = ("_held", "_length", "_limit", "_skipping", "cut", "error", "skipped")

    def __init__(self, limit: int = MESSAGE_LIMIT) -> None:
        self.cut = 0
        self.skipped = 0
        self.error: str | None = None
        self._limit = limit
        self._held: list[bytes] = []
        self._length = 0
        self._skipping = False

    @property
    def waiting(self) -> int:
        """See ``Framing``."""
        return self._length

    def feed_lines(self, data: bytes) -> tuple[bytes, int]:
        """The whole lines that are complete with these bytes, each ended by a line feed, and how many messages."""
        end = data.rfind(b"\n") + 1
        if not end:
            return self._hold(data)
        whole = data[:end]
        cut = b""
        if self._skipping:
            start = whole.index(b"\n") + 1
            self.skipped += start - 1
            self._skipping = False
            whole = whole[start:]
        if self._held:
            whole = b"".join([*self._held, whole])
            self._held.clear()
            self._length = 0
        if len(whole) > self._limit:
            whole = self._shortened(whole)
        if end < len(data):
            cut, _ = self._hold(data[end:])
        whole += cut
        return whole, _count(whole)

    def feed(self, data: bytes) -> list[bytes]:
        """See ``Framing``."""
        return messages(self.feed_lines(data)[0])

    def end(self) -> list[bytes]:
        """See ``Framing``."""
        rest = messages(self._shortened(b"".join(self._held)))
        self._held.clear()
        self._length = 0
        self._skipping = False
        return rest

    def _hold(self, data: bytes) -> tuple[bytes, int]:
        """Keep bytes without a line feed; once they are more than a message may have, it is given out, cut."""
        if self._skipping:
            self.skipped += len(data)
            return b"", 0
        self._held.append(data)
        self._length += len(data)
        # One byte more may still be the carriage return of the line end.
        if self._length <= self._limit + 1:
            return b"", 0
        whole = b"".join(self._held)
        self.cut += 1
        self.skipped += self._length - self._limit
        self._held.clear()
        self._length = 0
        self._skipping = True
        return whole[: self._limit] + b"\n", 1

    def _shortened(self, whole: bytes) -> bytes:
        lines = whole.split(b"\n")
        for number, line in enumerate(lines):
            if len(line) <= self._limit or len(line.removesuffix(b"\r")) <= self._limit:
                continue
            lines[number] = line[: self._limit]
            self.cut += 1
            self.skipped += len(line) - self._limit
        return b"\n".join(lines)


class CountedFraming:
    """``LENGTH SPACE MESSAGE``, RFC 6587 section 3.4.1; line ends between messages are tolerated.

    A length that is none breaks the stream: there is no way to find the next message.
    """

    __slots__ = ("_buffer", "_limit", "_skip", "cut", "error", "skipped")

    def __init__(self, limit: int = MESSAGE_LIMIT) -> None:
        self.cut = 0
        self.skipped = 0
        self.error: str | None = None
        self._limit = limit
        self._buffer = bytearray()
        self._skip = 0

    @property
    def waiting(self) -> int:
        """See ``Framing``."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """See ``Framing``."""
        if self.error is not None:
            self.skipped += len(data)
            return []
        self._buffer += data
        found: list[bytes] = []
        at = 0
        while (step := self._next(at, found)) > at:
            at = step
        del self._buffer[:at]
        return found

    def end(self) -> list[bytes]:
        """See ``Framing``: what there is of a message that was announced longer; counted in ``cut``."""
        head = _head(self._buffer, 0)
        rest = bytes(self._buffer[head[0] :]) if isinstance(head, tuple) else b""
        self._buffer.clear()
        self.cut += bool(rest)
        return [rest] if rest else []

    def _next(self, at: int, found: list[bytes]) -> int:
        """Take one message from ``at``, or skip; where to go on, ``at`` itself if more bytes are needed."""
        available = len(self._buffer) - at
        if self._skip:
            gone = min(self._skip, available)
            self._skip -= gone
            self.skipped += gone
            return at + gone
        if available and self._buffer[at] in b"\r\n":
            return at + 1
        head = _head(self._buffer, at)
        if isinstance(head, str):
            self.error = head
            self.skipped += available
            return at + available
        if head is None:
            return at
        start, length = head
        taken = min(length, self._limit)
        if len(self._buffer) - start < taken:
            return at
        if length > taken:
            self.cut += 1
            self._skip = length - taken
        if taken:
            found.append(bytes(self._buffer[start : start + taken]))
        return start + taken


def _head(buffer: bytearray, at: int) -> tuple[int, int] | str | None:
    """Where the message of a frame starts and its length; a text if it is no frame; None if more bytes are needed."""
    end = at
    stop = min(len(buffer), at + _COUNT_DIGITS + 1)
    while end < stop and buffer[end] in _DIGITS:
        end += 1
    if end > at and buffer[at] == _DIGITS[0]:
        return "octet counting: a message length begins with 0"
    if end - at > _COUNT_DIGITS:
        return f"octet counting: a message length has more than {_COUNT_DIGITS} digits"
    if end == len(buffer):
        return None
    if end == at or buffer[end : end + 1] != b" ":
        return f"octet counting: {bytes(buffer[end : end + 1])!r} stands where a message length should be"
    return end + 1, int(buffer[at:end])


class DetectedFraming:
    """Counted if the first byte of the stream that is no line end is a digit from 1 to 9, else one message a line."""

    __slots__ = ("_chosen", "_limit")

    def __init__(self, limit: int = MESSAGE_LIMIT) -> None:
        self._limit = limit
        self._chosen: NewlineFraming | CountedFraming | None = None

    @property
    def cut(self) -> int:
        """Messages cut at the limit."""
        return self._chosen.cut if self._chosen else 0

    @property
    def skipped(self) -> int:
        """Bytes skipped behind such cuts, or after an error."""
        return self._chosen.skipped if self._chosen else 0

    @property
    def error(self) -> str | None:
        """Why the stream cannot be read on."""
        return self._chosen.error if self._chosen else None

    @property
    def waiting(self) -> int:
        """Bytes of an unfinished message."""
        return self._chosen.waiting if self._chosen else 0

    def feed(self, data: bytes) -> list[bytes]:
        """See ``Framing``."""
        if self._chosen is None:
            data = data.lstrip(b"\r\n")
            if not data:
                return []
            counted = data[0] in b"123456789"
            self._chosen = CountedFraming(self._limit) if counted else NewlineFraming(self._limit)
        return self._chosen.feed(data)

    def end(self) -> list[bytes]:
        """See ``Framing``."""
        return self._chosen.end() if self._chosen else []


def framing(name: Literal["newline", "octet_counting", "auto"], limit: int = MESSAGE_LIMIT) -> Framing:
    """The machine of that name, for one connection."""
    return _MACHINES[name](limit)


_MACHINES: Final[dict[str, Callable[[int], Framing]]] = {
    "newline": NewlineFraming,
    "octet_counting": CountedFraming,
    "auto": DetectedFraming,
}
