"""The sliding window of throttle. Pure: the time is an argument."""

from __future__ import annotations

import math
import re
from collections import deque
from typing import Final

from outrider.formats.values import TIME_UNITS

_INTERVAL: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smhd]?)", re.ASCII | re.IGNORECASE)


def interval(text: str) -> float:
    """Seconds, more than 0. Raises ValueError. Fluent Bit: what cannot be read is one second."""
    match = _INTERVAL.fullmatch(text)
    seconds = float(match[1]) * TIME_UNITS[match[2].lower()] if match else 0.0
    if seconds <= 0:
        raise ValueError(f"'{text}' is no interval; allowed: a number above 0, with s, m, h or d, such as 1s")
    return seconds


class Window:
    """How many records went through in each of the last intervals."""

    def __init__(self, rate: float, size: int, seconds: float) -> None:
        self.rate = rate
        self.size = size
        self._seconds = seconds
        self._panes: deque[int] = deque([0] * size, maxlen=size)
        self._turn: float | None = None

    @property
    def total(self) -> int:
        """Records that went through in the window."""
        return sum(self._panes)

    def take(self, count: int, now: float) -> int:
        """How many of ``count`` records may go through now (seconds of a clock that never goes back)."""
        self.slide(now)
        room = max(math.ceil(self.rate * self.size - self.total), 0)
        taken = min(count, room)
        self._panes[-1] += taken
        return taken

    def slide(self, now: float) -> None:
        """Begin the intervals that have begun since."""
        if self._turn is None:
            self._turn = now
        turns = int((now - self._turn) // self._seconds)
        if turns > 0:
            self._turn += turns * self._seconds
            self._panes.extend([0] * min(turns, self.size))
