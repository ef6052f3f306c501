"""Standard output, which several plugins share: what one prints at once stays together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable
from typing import Final

from outrider.model.errors import LocalError
from outrider.net.threads import detached

STDOUT: Final = 1
_TURN = threading.Lock()
"""Held while something is written: a pipe may take it in pieces, and others print too."""


async def print_whole(data: bytes) -> None:
    """Print; a reader that is slow delays whoever waits for this alone. Raises LocalError."""
    await detached(_write_all, data)


def _write_all(data: bytes) -> None:
    view = memoryview(data)
    try:
        with _TURN:
            while view:
                view = view[os.write(STDOUT, view) :]
    except OSError as error:
        raise LocalError(f"standard output: {error.strerror}") from error


class Printer:
    """Prints from a thread of its own, so that nobody waits for the reader. What waits is bounded."""

    def __init__(self, waiting_max: int, report: Callable[[str], None]) -> None:
        self._waiting_max = waiting_max
        self._report = report
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting = 0
        self._ended = asyncio.Event()

    def start(self) -> None:
        """Begin; ``report`` is told of errors on this event loop."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, args=(loop,), name="printer", daemon=True).start()

    def put(self, data: bytes) -> bool:
        """Print this in its turn; False: too much waits already, and this is not printed."""
        if self._waiting > self._waiting_max:
            return False
        self._waiting += len(data)
        self._queue.put(data)
        return True

    async def close(self, seconds: float) -> bool:
        """Wait so long for what was put to be printed; whether it was."""
        self._queue.put(None)
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended without us
            while (data := self._queue.get()) is not None:
                try:
                    _write_all(data)
                except LocalError as error:
                    loop.call_soon_threadsafe(self._report, str(error))
                loop.call_soon_threadsafe(self._printed, len(data))
            loop.call_soon_threadsafe(self._ended.set)

    def _printed(self, size: int) -> None:
        self._waiting -= size
