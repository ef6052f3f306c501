"""A container of a task as a plain process, its output going to the port of the log driver or to a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from outrider.taskdef.run.driver.pieces import Cutter
from outrider.taskdef.run.driver.pipes import Driver
from outrider.taskdef.run.health import Check, Health, watch
from outrider.taskdef.run.process.child import Child, Guard, child_environment


class Recorder(asyncio.Protocol):
    """Writes a stream to a file as it comes, and hands each line (without its newline) to ``on_line``."""

    def __init__(self, stream: BinaryIO, on_line: Callable[[str], None]) -> None:
        self.ended = asyncio.Event()
        self.cutter = Cutter(str)
        self._stream = stream
        self._on_line = on_line

    def data_received(self, data: bytes) -> None:
        self._stream.write(data)
        for piece in self.cutter.feed(data, 0):
            self._on_line(piece.text.decode(errors="replace"))

    def connection_lost(self, exc: Exception | None) -> None:
        try:
            for piece in self.cutter.end(0):
                self._on_line(piece.text.decode(errors="replace"))
        finally:
            self.ended.set()


class FileLog:
    """Both streams of a container that does not log through the router, in one file."""

    def __init__(self, path: Path, on_line: Callable[[str], None]) -> None:
        self._stream = path.open("ab", buffering=0)
        self.outputs = [Recorder(self._stream, on_line) for _ in range(2)]

    @property
    def lines(self) -> int:
        """Lines written."""
        return sum(output.cutter.lines for output in self.outputs)

    def close(self) -> None:
        """For a container that has never run."""
        self._stream.close()

    async def run(self) -> None:
        """Until both streams have ended."""
        with self._stream:
            for output in self.outputs:
                await output.ended.wait()


class ProcessContainer:
    """See ``outrider.taskdef.run.container.Container``."""

    backend = "process"

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        log: Driver | FileLog,
        guard: Guard,
        check: Check | None,
        say: Callable[[str], None],
    ) -> None:
        """``say`` gets what a user should know of its end."""
        self._words = words
        self._environment = child_environment(environment)
        self._log = log
        self._guard = guard
        self._check = check
        self._say = say
        self._child: Child | None = None

    @property
    def lines(self) -> int:
        return self._log.lines

    @property
    def dropped(self) -> int | None:
        return self._log.sender.dropped if isinstance(self._log, Driver) else 0

    @property
    def pid(self) -> int | None:
        """Of the process, which leads a session of its own; None before it has started."""
        return self._child.pid if self._child is not None else None

    async def start(self) -> None:
        self._child = await Child.start(self._words, self._environment, self._log.outputs, self._guard, self._say)

    async def wait(self) -> int:
        assert self._child is not None
        async with asyncio.TaskGroup() as group:
            group.create_task(self._log.run())
            return await self._child.wait()

    async def stop(self, grace: float) -> None:
        if self._child is not None:
            await self._child.stop(grace)

    async def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
        if isinstance(self._log, Driver):
            self._log.hurry()

    async def health(self, changed: Callable[[Health], None]) -> None:
        """A sidecar's check needs its image: without a check it counts as healthy."""
        if self._check is None:
            changed(Health.HEALTHY)
        else:
            await watch(self._check, self._probe, changed)

    async def remove(self) -> None:
        await self.stop(0)
        if isinstance(self._log, FileLog):
            self._log.close()

    async def _probe(self, words: Sequence[str]) -> int:
        process = await asyncio.create_subprocess_exec(
            *words,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,  # not ours: what it leaves would keep whoever reads that waiting
            start_new_session=True,
        )
        try:
            return await process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
