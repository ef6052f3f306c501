"""Counts by span of time. Pure. Source: Fluent Bit, ``plugins/out_flowcounter``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


class Flow:
    """The span that is being counted, which ends at ``until`` (seconds since the epoch)."""

    def __init__(self, unit: str, now: int) -> None:
        self.unit = unit
        self.until = now
        self._counts = 0
        self._bytes = 0

    def add(self, times: Sequence[int], sizes: Sequence[int]) -> tuple[str, int]:
        """Count records by their times (whole seconds), in order; the lines of spans that have ended, and how many
        records were too old for the span that is being counted.

        Spans in which nothing came have no line.
        """
        tick = SECONDS[self.unit]
        lines: list[str] = []
        late = 0
        for time, size in zip(times, sizes, strict=True):
            if time < self.until - tick:
                late += 1
                continue
            if time > self.until:
                if self._counts:
                    lines.append(self.line())
                self.until += -(-(time - self.until) // tick) * tick
                self._counts = self._bytes = 0
            self._counts += 1
            self._bytes += size
        return "".join(lines), late

    def line(self) -> str:
        """The counts of the span."""
        tick, unit = SECONDS[self.unit], self.unit
        return (
            f'[out_flowcounter] [{self.until}, {{"counts": {self._counts}, "bytes": {self._bytes},'
            f' "counts/{unit}": {self._counts // tick}, "bytes/{unit}": {self._bytes // tick} }}]\n'
        )
