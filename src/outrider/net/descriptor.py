"""Bytes from an open descriptor: a pipe, a terminal, a file."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Callable
from typing import Final

STEP: Final = 64 * 1024
_REST: Final = 1024 * 1024
"""What a pipe holds at most, unless root has made it larger."""


class DescriptorReader:
    """``take`` gets what comes, ``ended`` is called once at the end; both on the event loop, neither waits."""

    def __init__(self, descriptor: int, take: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._take = take
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.Handle | None = None
        self._reading = False
        self._is_over = False
        self.resume()

    def pause(self) -> None:
        """Read no more for now."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        elif self._reading:
            self._loop.remove_reader(self._descriptor)
        self._reading = False

    def resume(self) -> None:
        """Read on."""
        if self._reading or self._is_over:
            return
        self._reading = True
        try:
            self._loop.add_reader(self._descriptor, self._read)
        except PermissionError:  # files are always ready, and the kernel does not watch them
            self._next = self._loop.call_soon(self._read)

    def close(self) -> None:
        """Read no more; the descriptor stays open."""
        self.pause()
        self._is_over = True

    def rest(self) -> None:
        """Take what has come already, as much as a pipe holds, without waiting for more; then read no more."""
        if self._is_over:
            return
        self.close()
        ready = select.poll()
        ready.register(self._descriptor, select.POLLIN)
        for _ in range(_REST // STEP):
            try:
                data = os.read(self._descriptor, STEP) if ready.poll(0) else b""
            except OSError:
                return
            if not data:
                return
            self._take(data)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, STEP)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # a terminal that is gone
        if not data:
            self.close()
            self._ended()
            return
        if self._next is not None:
            self._next = self._loop.call_soon(self._read)
        self._take(data)
