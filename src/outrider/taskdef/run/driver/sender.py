"""The bounded queue of the driver and the one connection to the router's unix socket.

As with ``fluentd-async=true`` in Docker, the process never waits for the router: what does not fit in the queue is
dropped, the newest first, and counted. Docker discards its queue when the container ends; here ``close`` sends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from itertools import islice
from pathlib import Path

from outrider.taskdef.run.driver import retry

QUEUE_LIMIT = 1_048_576
"""Log messages that may wait: Docker's default of ``fluentd-buffer-limit``."""
_AT_ONCE = 256


class Sender:
    """Sends messages in the order of ``put`` to the stream socket at ``path``.

    ``accepted`` = ``sent`` + ``waiting`` + ``dropped`` at any moment. Messages of a write that failed are sent again on
    the next connection; those that the kernel took but a dying router did not read are lost, as with Docker.
    """

    def __init__(self, path: Path, limit: int = QUEUE_LIMIT) -> None:
        self.accepted = 0
        self.sent = 0
        self.dropped = 0
        self._path = str(path)
        self._limit = limit
        self._queue: deque[bytes] = deque()
        self._some = asyncio.Event()
        self._closing = asyncio.Event()
        self._socket: socket.socket | None = None

    @property
    def waiting(self) -> int:
        """Messages in the queue."""
        return len(self._queue)

    def put(self, message: bytes) -> None:
        """Queue a message, or drop and count it when the queue is full."""
        self.accepted += 1
        if len(self._queue) >= self._limit:
            self.dropped += 1
            return
        self._queue.append(message)
        self._some.set()

    def close(self) -> None:
        """No ``put`` follows: ``run`` returns once the queue is sent and the router has read it."""
        self._closing.set()
        self._some.set()

    def give_up(self) -> None:
        """Count what still waits as dropped."""
        self.dropped += len(self._queue)
        self._queue.clear()

    async def run(self) -> None:
        """Send until closed. Never raises for a router that is absent or fails; cancel it to stop at once."""
        failures = 0
        try:
            while await self._more():
                try:
                    await self._send()
                    failures = 0
                except OSError:
                    self._disconnect()
                    await self._pause(retry.seconds_before(failures))
                    failures += 1
            await self._finish()
        finally:
            self._disconnect()

    async def _more(self) -> bool:
        if not self._queue and not self._closing.is_set():
            self._some.clear()
            await self._some.wait()
        return bool(self._queue)

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            await loop.sock_connect(self._socket, self._path)
        messages = list(islice(self._queue, _AT_ONCE))
        await loop.sock_sendall(self._socket, b"".join(messages))
        for _ in messages:
            self._queue.popleft()
        self.sent += len(messages)

    async def _pause(self, seconds: float) -> None:
        """Wait, but at most a second at a time once closed: a router that comes back late still gets the queue."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
                await asyncio.sleep(min(seconds, 1))

    async def _finish(self) -> None:
        """Tell the router that no more comes and wait until it hangs up: then it has read everything."""
        if self._socket is None:
            return
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while await asyncio.get_running_loop().sock_recv(self._socket, 4096):
                pass

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
