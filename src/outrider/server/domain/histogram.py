"""Records over time: a range of time in bars of a round width."""

from __future__ import annotations

from typing import NamedTuple

_SECOND = 10**9
_MINUTE, _HOUR, _DAY = 60 * _SECOND, 3600 * _SECOND, 86_400 * _SECOND
_WIDTHS = (
    *(_SECOND * n // 10 for n in (1, 2, 5, 10, 20, 50, 100, 150, 300)),
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 7, 30, 90, 365)),
)
WANTED = 72
"""Bars that fit beside one another; there may be fewer, or a few more over decades."""


class Bar(NamedTuple):
    """Records with ``start_ns <= ts < start_ns + width_ns``; ``bad`` of them are errors or worse."""

    start_ns: int
    records: int
    bad: int


class Grid(NamedTuple):
    """Bars of ``width_ns`` from ``start_ns`` on, as many as ``number``."""

    start_ns: int
    width_ns: int
    number: int


def grid(from_ns: int, to_ns: int) -> Grid:
    """Bars of a round width, at round times, that together cover the range."""
    span = to_ns - from_ns
    width = next((w for w in _WIDTHS if span <= w * WANTED), _WIDTHS[-1])
    start = from_ns // width * width
    return Grid(start, width, -(-(to_ns - start) // width))


def bars(over: Grid, counts: dict[int, tuple[int, int]]) -> list[Bar]:
    """All bars, the empty ones too; ``counts`` holds records and bad ones by number of the bar."""
    return [Bar(over.start_ns + n * over.width_ns, *counts.get(n, (0, 0))) for n in range(over.number)]
