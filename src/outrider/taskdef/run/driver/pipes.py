"""Reads the two output pipes of a process into the sender."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from outrider.model.errors import UserError
from outrider.taskdef.run.driver.message import SOURCES, Encoder
from outrider.taskdef.run.driver.pieces import Cutter, Piece
from outrider.taskdef.run.driver.sender import QUEUE_LIMIT, Sender

DRAIN_SECONDS = 5.0
"""How long the queue may take to empty once the process has ended: the cleanup time of the log shims on Fargate."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The driver's options that a plain process has a use for: tag, socket and queue limit (messages)."""

    tag: str
    socket: Path
    limit: int = QUEUE_LIMIT

    @classmethod
    def parse(cls, options: Mapping[str, str]) -> Settings:
        """From Docker's log options (``tag``, ``fluentd-address``, ``fluentd-buffer-limit``).

        Raises UserError for a limit that is not a number. A limit of 0 means 8192 messages, as in Docker's library.
        """
        limit = options.get("fluentd-buffer-limit", str(QUEUE_LIMIT))
        if not limit.isdecimal():
            raise UserError(
                f"log-driver-buffer-limit is '{limit}'",
                fix="give the number of log messages that may wait, such as 1048576",
            )
        return cls(options["tag"], Path(options["fluentd-address"].removeprefix("unix://")), int(limit) or 8192)


class Driver:
    """The log driver of one container: connect ``outputs`` to the read ends of its pipes and ``run``."""

    def __init__(self, settings: Settings, container_id: str, container_name: str) -> None:
        self.sender = Sender(settings.socket, settings.limit)
        self.outputs = [
            Output(Encoder(settings.tag, container_id, container_name, source), self.sender.put) for source in SOURCES
        ]
        self._hurry = asyncio.Event()

    @property
    def lines(self) -> int:
        """Lines that the process has written."""
        return sum(output.cutter.lines for output in self.outputs)

    async def run(self) -> None:
        """Until both pipes are closed and the queue is sent; what is left after ``DRAIN_SECONDS`` counts as dropped."""
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self.sender.run())
            for output in self.outputs:
                await output.ended.wait()
            self.sender.close()
            hurried = group.create_task(self._hurry.wait())
            await asyncio.wait((sending, hurried), timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            hurried.cancel()
            sending.cancel()
        self.sender.give_up()

    def hurry(self) -> None:
        """Do not wait for the queue once both pipes are closed."""
        self._hurry.set()


class Output(asyncio.Protocol):
    """The read end of a stream's pipe."""

    def __init__(self, encoder: Encoder, put: Callable[[bytes], None]) -> None:
        self.cutter = Cutter(lambda: secrets.token_hex(32))
        self.ended = asyncio.Event()
        self._encode = encoder.encode
        self._put = put

    def data_received(self, data: bytes) -> None:
        self._take(self.cutter.feed(data, time.time_ns()))

    def connection_lost(self, exc: Exception | None) -> None:
        try:
            self._take(self.cutter.end(time.time_ns()))
        finally:
            self.ended.set()

    def _take(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self._put(self._encode(piece))
