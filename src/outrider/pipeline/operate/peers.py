"""How the first of several processes learns the others' numbers: a question and an answer over a socket pair."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from outrider.pipeline import ledger
from outrider.pipeline.operate.reload import Exchangeable
from outrider.pipeline.operate.status import Status, add_up, failures, status

_HEAD: Final = 8
"""Bytes of the number of a question, and of the length of its answer."""
_SECONDS: Final = 2.0


@dataclasses.dataclass(slots=True)
class Numbers:
    """What one process tells. ``failures``: batches with errors and chunks given up within HC_Period."""

    status: Status
    ledger: dict[str, Any]
    failures: tuple[int, int]


class Teller:
    """Counts the time since it was made, and tells this process's numbers."""

    def __init__(self, pipeline: Exchangeable) -> None:
        self._pipeline = pipeline
        self._clock = time.monotonic()
        self._started = time.time()

    def own(self) -> Numbers:
        """At this moment."""
        engine = self._pipeline.engine
        uptime = time.monotonic() - self._clock
        since = asyncio.get_running_loop().time() - self._pipeline.service.hc_period
        return Numbers(
            status(engine, uptime=uptime, started=self._started, reloads=self._pipeline.count),
            engine.ledger.snapshot(),
            failures(engine, since),
        )


async def answer(parent: socket.socket, tell: Callable[[], Numbers]) -> None:
    """Answer questions until the socket is closed."""
    loop = asyncio.get_running_loop()
    parent.setblocking(False)
    with contextlib.suppress(EOFError, OSError):
        while True:
            number = await _exactly(parent, _HEAD)
            body = msgspec.msgpack.encode(tell())
            await loop.sock_sendall(parent, number + len(body).to_bytes(_HEAD, "big") + body)


class Peers:
    """The other processes."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        self._sockets = sockets
        self._asked = 0
        self._one_at_a_time = asyncio.Lock()
        for sock in sockets:
            sock.setblocking(False)

    async def all_numbers(self, own: Numbers) -> Numbers:
        """The sum of this process's numbers and the others'; one that does not answer in time is left out."""
        found = [own]
        async with self._one_at_a_time:
            for sock in self._sockets:
                with contextlib.suppress(TimeoutError, OSError, EOFError, msgspec.DecodeError):
                    async with asyncio.timeout(_SECONDS):
                        found.append(await self._ask(sock))
        return Numbers(
            add_up([each.status for each in found]),
            ledger.add_up([each.ledger for each in found]),
            (sum(each.failures[0] for each in found), sum(each.failures[1] for each in found)),
        )

    async def _ask(self, sock: socket.socket) -> Numbers:
        self._asked += 1
        question = self._asked.to_bytes(_HEAD, "big")
        await asyncio.get_running_loop().sock_sendall(sock, question)
        while True:
            number = await _exactly(sock, _HEAD)
            body = await _exactly(sock, int.from_bytes(await _exactly(sock, _HEAD), "big"))
            if number == question:  # else the answer to a question that was given up
                return msgspec.msgpack.decode(body, type=Numbers)


async def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = await asyncio.get_running_loop().sock_recv(sock, size - len(data))
        if not part:
            raise EOFError
        data += part
    return data
