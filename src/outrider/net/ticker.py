"""Work at a steady rate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Ticker:
    """Calls ``work`` every so many seconds, the first time after one of them; what was missed is not made up for."""

    def __init__(self, seconds: float, work: Callable[[], None]) -> None:
        self._seconds = seconds
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + seconds
        self._timer: asyncio.TimerHandle | None = self._loop.call_at(self._due, self._tick)

    def stop(self) -> None:
        """Call no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._due = max(self._due + self._seconds, self._loop.time())
        self._timer = self._loop.call_at(self._due, self._tick)
        self._work()
