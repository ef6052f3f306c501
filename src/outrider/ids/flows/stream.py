"""The bytes of one side of a TCP connection, put in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

PIECES: Final = 4096
"""Most pieces that wait for others, and WAITING bytes of them."""
WAITING: Final = 1 << 20

Policy: TypeAlias = str


class Gap(NamedTuple):
    """Bytes that the other side has acknowledged and nobody has seen."""

    size: int


class _Piece(NamedTuple):
    start: int
    end: int
    data: bytes
    began: int
    """Where the segment began that it is part of."""
    ended: int


_WINS: Final[dict[Policy, Callable[[int, int, _Piece], bool]]] = {
    "first": lambda start, end, old: False,
    "vista": lambda start, end, old: False,
    "last": lambda start, end, old: True,
    "bsd": lambda start, end, old: start < old.began,
    "windows": lambda start, end, old: start < old.began,
    "windows2k3": lambda start, end, old: start < old.began,
    "irix": lambda start, end, old: start < old.began,
    "hpux10": lambda start, end, old: start < old.began,
    "macos": lambda start, end, old: start < old.began,
    "hpux11": lambda start, end, old: start < old.began,
    "bsd-right": lambda start, end, old: start >= old.began,
    "linux": lambda start, end, old: start < old.began or (start == old.began and end > old.ended),
    "old-linux": lambda start, end, old: start < old.began or (start == old.began and end >= old.ended),
    "solaris": lambda start, end, old: start < old.began or end > old.ended,
}
"""Whether a new segment wins over an old one where they overlap.

Source: Novak and Sturges, "Target-Based TCP Stream Reassembly", 2007.
"""
POLICIES: Final = frozenset(_WINS)


class Stream:
    """Offsets count the bytes behind the SYN. What is before ``done`` has been handed out."""

    __slots__ = ("_pieces", "_waiting", "_wins", "done", "dropped", "overlapped")

    def __init__(self, policy: Policy = "linux") -> None:
        self.done = 0
        self.dropped = 0
        """Bytes that found no room."""
        self.overlapped = False
        """Whether a segment came with other bytes than one before it."""
        self._wins = _WINS[policy]
        self._pieces: list[_Piece] = []
        self._waiting = 0

    @property
    def waits(self) -> bool:
        """Whether there are bytes that have not been handed out."""
        return bool(self._pieces)

    def add(self, start: int, data: bytes) -> None:
        """Take a segment that begins at ``start``."""
        end = start + len(data)
        began = start
        if start < self.done:
            data = data[self.done - start :]
            start = self.done
        if not data:
            return
        if len(self._pieces) >= PIECES or self._waiting + len(data) > WAITING:
            self.dropped += len(data)
            return
        if not self._pieces or start >= self._pieces[-1].end:
            self._pieces.append(_Piece(start, end, data, began, end))
            self._waiting += len(data)
            return
        self._overlay(start, end, data, began)

    def _overlay(self, start: int, end: int, data: bytes, began: int) -> None:
        """Old pieces keep what they win; the new one gets the rest."""
        first = bisect_left(self._pieces, start, key=lambda piece: piece.end)
        while first < len(self._pieces) and self._pieces[first].end <= start:
            first += 1
        last = first
        kept: list[_Piece] = []
        at = start
        while last < len(self._pieces) and self._pieces[last].start < end:
            old = self._pieces[last]
            last += 1
            low, high = max(old.start, start), min(old.end, end)
            if old.data[low - old.start : high - old.start] != data[low - start : high - start]:
                self.overlapped = True
            if self._wins(began, end, old):
                if old.start < start:
                    kept.append(_Piece(old.start, start, old.data[: start - old.start], old.began, old.ended))
                if old.end > end:
                    kept.append(_Piece(end, old.end, old.data[end - old.start :], old.began, old.ended))
                continue
            if at < old.start:
                kept.append(_Piece(at, old.start, data[at - start : old.start - start], began, end))
            kept.append(old)
            at = max(at, old.end)
        if at < end:
            kept.append(_Piece(at, end, data[at - start :], began, end))
        kept = _apart(sorted(kept))
        self._waiting += sum(piece.end - piece.start for piece in kept)
        self._waiting -= sum(piece.end - piece.start for piece in self._pieces[first:last])
        self._pieces[first:last] = kept

    def take(self, upto: int) -> bytes | Gap | None:
        """The next bytes in order, up to offset ``upto``; a gap where they are missing; None if there is nothing."""
        if self.done >= upto:
            return None
        if not self._pieces or self._pieces[0].start > self.done:
            following = min(self._pieces[0].start, upto) if self._pieces else upto
            gap = Gap(following - self.done)
            self.done = following
            return gap
        taken = []
        count = 0
        for piece in self._pieces:
            if piece.start != self.done or self.done >= upto:
                break
            size = min(piece.end, upto) - piece.start
            taken.append(piece.data if size == len(piece.data) else piece.data[:size])
            self.done += size
            self._waiting -= size
            if size < len(piece.data):
                self._pieces[count] = piece._replace(start=self.done, data=piece.data[size:])
                break
            count += 1
        del self._pieces[:count]
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def in_order(self) -> int:
        """Up to which offset there are bytes without a gap."""
        at = self.done
        for piece in self._pieces:
            if piece.start != at:
                break
            at = piece.end
        return at


def _apart(pieces: list[_Piece]) -> list[_Piece]:
    """Without what two of them cover: the earlier one keeps it."""
    found: list[_Piece] = []
    for piece in pieces:
        if found and piece.start < found[-1].end:
            if piece.end <= found[-1].end:
                continue
            cut = found[-1].end - piece.start
            piece = piece._replace(start=found[-1].end, data=piece.data[cut:])
        found.append(piece)
    return found
