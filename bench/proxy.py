"""A TCP proxy that makes a line slow: a delay each way, or so many bytes a second."""

from __future__ import annotations

import asyncio
import contextlib
import threading

_PIECE = 16_384
_SLICE = 0.05
_BUFFER = 64 * 1024


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes on to ``port``; ``delay`` in seconds, ``rate`` in bytes/s."""

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        self.rate = 0
        self.port = 0
        self._target = port
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._ready.wait(10)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0, limit=_BUFFER)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await server.serve_forever()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target, limit=_BUFFER)
        except OSError:
            writer.transport.abort()
            return
        with contextlib.suppress(BaseExceptionGroup):  # one side has gone; the other one goes with it
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, far_writer))
                group.create_task(self._copy(far_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue = asyncio.Queue[tuple[float, bytes]](256)
        clock = asyncio.get_running_loop().time

        async def deliver() -> None:
            while True:
                when, data = await queue.get()
                await asyncio.sleep(max(when - clock(), 0))
                writer.write(data)
                await writer.drain()
                if not data:
                    return

        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(deliver())
            with contextlib.suppress(OSError):
                while not delivering.done() and (data := await reader.read(self._piece)):
                    await queue.put((clock() + self.delay, data))
                    if self.rate:
                        await asyncio.sleep(len(data) / self.rate)
            await queue.put((clock() + self.delay, b""))
        writer.close()

    @property
    def _piece(self) -> int:
        return max(int(self.rate * _SLICE), 1) if self.rate else _PIECE
