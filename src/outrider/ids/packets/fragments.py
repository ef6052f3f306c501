"""Datagrams from fragments, with the choices of different systems where fragments overlap."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

LARGEST: Final = 65_535
TIMEOUT: Final = 60_000_000
"""Microseconds that a datagram may take to be whole."""
TRACKED: Final = 4096
"""Most datagrams at once, and MEMORY bytes of their fragments."""
MEMORY: Final = 4 << 20
PIECES: Final = 1024
"""Most fragments of one datagram."""

Key: TypeAlias = tuple[object, ...]
Policy: TypeAlias = str
"""first, last, bsd, bsd-right, linux, windows or solaris."""


class Fragment(NamedTuple):
    """``key`` tells the datagram; ``offset`` in bytes; ``more`` fragments follow; ``head`` is its IP header."""

    key: Key
    offset: int
    more: bool
    data: bytes
    head: bytes


@dataclass(slots=True)
class _Piece:
    offset: int
    data: bytes
    skip: int = 0
    """Bytes at its beginning that others win."""

    @property
    def end(self) -> int:
        return self.offset + len(self.data)


@dataclass(slots=True)
class _Datagram:
    started: int
    policy: Policy
    pieces: list[_Piece] = field(default_factory=list)
    size: int = -1
    head: bytes = b""
    memory: int = 0
    covered: list[tuple[int, int]] = field(default_factory=list)
    """What fragments have told of, sorted and apart."""


class Fragments:
    """Datagrams that are not whole yet, the oldest first. ``policy`` tells the choice for a destination address."""

    def __init__(self, policy: Callable[[int, int], Policy] = lambda version, address: "linux") -> None:
        self.counters: Counter[str] = Counter()
        self._policy = policy
        self._waiting: OrderedDict[Key, _Datagram] = OrderedDict()
        self._memory = 0

    def add(self, piece: Fragment, time: int) -> tuple[bytes, bytes] | None:
        """The header of the first fragment and what the datagram carries, if this made it whole."""
        end = piece.offset + len(piece.data)
        if end > LARGEST or (piece.more and not piece.data):
            self.counters["defrag.invalid"] += 1
            return None
        found = self._datagram(piece, time)
        if len(found.pieces) >= PIECES:
            self.counters["defrag.too_many"] += 1
            return None
        if not piece.more:
            if found.size >= 0 and found.size != end and found.policy not in ("last", "linux"):
                self.counters["defrag.contradicting_ends"] += 1
            found.size = end if found.size < 0 or found.policy in ("last", "linux") else found.size
        if piece.offset == 0 and not found.head:
            found.head = piece.head
        found.pieces.append(_Piece(piece.offset, piece.data))
        found.memory += len(piece.data)
        self._memory += len(piece.data)
        _cover(found.covered, piece.offset, end)
        if found.head and found.size >= 0 and found.covered[0][0] == 0 and found.covered[0][1] >= found.size:
            whole = self._whole(found)
            self._forget(piece.key)
            return found.head, whole
        self._bound()
        return None

    def _datagram(self, piece: Fragment, time: int) -> _Datagram:
        known = self._waiting.get(piece.key)
        if known is not None and time - known.started > TIMEOUT:
            self._forget(piece.key)
            self.counters["defrag.timeouts"] += 1
            known = None
        if known is None:
            version, destination = piece.key[0], piece.key[2]
            assert isinstance(version, int)
            assert isinstance(destination, int)
            known = self._waiting[piece.key] = _Datagram(time, self._policy(version, destination))
        return known

    def _bound(self) -> None:
        while len(self._waiting) > TRACKED or self._memory > MEMORY:
            self._forget(next(iter(self._waiting)))
            self.counters["defrag.memory"] += 1

    def _forget(self, key: Key) -> None:
        self._memory -= self._waiting.pop(key).memory

    @staticmethod
    def _whole(found: _Datagram) -> bytes:
        """What it carries, once no byte is missing."""
        size = found.size
        made = bytearray(size)
        wins = _WINS[found.policy]
        owner: list[tuple[int, int, int]] = []
        for piece in found.pieces:
            start, end = piece.offset, min(piece.end, size)
            if start >= end:
                continue
            _lay(made, owner, piece, start, end, wins)
        return bytes(made)


def _cover(covered: list[tuple[int, int]], start: int, end: int) -> None:
    """Add a range to those that are sorted and apart."""
    first = bisect_left(covered, start, key=lambda pair: pair[1])
    last = first
    while last < len(covered) and covered[last][0] <= end:
        start, end = min(start, covered[last][0]), max(end, covered[last][1])
        last += 1
    covered[first:last] = [(start, end)]


def _lay(
    made: bytearray,
    owner: list[tuple[int, int, int]],
    piece: _Piece,
    start: int,
    end: int,
    wins: Callable[[int, int, int, int], bool],
) -> None:
    """Put a piece where nothing is yet, and over those before it that it wins against.

    ``owner`` has who won so far: from, to, and where that fragment ended.
    """
    taken = [(a, b, o) for a, b, o in owner if a < end and b > start]
    data = piece.data
    kept: list[tuple[int, int]] = []
    for a, b, original in taken:
        if not wins(start, end, a, original):
            kept.append((max(a, start), min(b, end)))
    at = start
    for a, b in [*sorted(kept), (end, end)]:
        if a > at:
            made[at:a] = data[at - start : a - start]
            _own(owner, at, a, end)
        at = max(at, b)


def _own(owner: list[tuple[int, int, int]], start: int, end: int, original: int) -> None:
    changed = []
    for a, b, o in owner:
        if b <= start or a >= end:
            changed.append((a, b, o))
            continue
        if a < start:
            changed.append((a, start, o))
        if b > end:
            changed.append((end, b, o))
    changed.append((start, end, original))
    owner[:] = changed


_WINS: Final[dict[Policy, Callable[[int, int, int, int], bool]]] = {
    "first": lambda start, end, old, old_end: False,
    "last": lambda start, end, old, old_end: True,
    "bsd": lambda start, end, old, old_end: start < old,
    "bsd-right": lambda start, end, old, old_end: start >= old,
    "linux": lambda start, end, old, old_end: start < old,
    "windows": lambda start, end, old, old_end: start < old and end >= old_end,
    "solaris": lambda start, end, old, old_end: start < old and end >= old_end,
}
"""Whether a new fragment wins over an old one that begins at ``old`` and ended at ``old_end``.

BSD and Linux prefer the one that begins first (an old one that begins at the same place stays); "bsd-right" and "last"
prefer the new one; Windows and Solaris take a new one that begins before the old one only if it covers it.
Source: Novak, "Target-Based Fragmentation Reassembly", 2005.
"""
