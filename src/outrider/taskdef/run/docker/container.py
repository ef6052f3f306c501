"""A container of a task in Docker."""

from __future__ import annotations

import asyncio
import contextlib
import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from outrider.model.errors import OutriderError
from outrider.taskdef.run.container import StartError
from outrider.taskdef.run.docker.engine import Engine, EngineError
from outrider.taskdef.run.docker.frames import LineCounter
from outrider.taskdef.run.health import Health
from outrider.taskdef.run.process.child import Guard

_RECOUNT_SECONDS = 20
_NOT_FOUND = ("executable file not found", "no such file or directory")


class DockerContainer:
    """See ``outrider.taskdef.run.container.Container``."""

    backend = "docker"
    dropped = None

    def __init__(
        self,
        engine: Engine,
        name: str,
        body: Mapping[str, Any],
        guard: Guard,
        on_line: Callable[[str], None] = lambda line: None,
        on_removed: Callable[[], None] = lambda: None,
        keep: Mapping[str, Path] | None = None,
    ) -> None:
        """``on_line`` gets each line that the container prints, if Docker keeps them.

        ``on_removed`` is called when it is gone; ``keep`` are files of it that go to folders of this machine when it
        has ended.
        """
        self._engine = engine
        self._name = name
        self._body = body
        self._guard = guard
        self._on_line = on_line
        self._keep = keep or {}
        self._on_removed = on_removed
        self._counter = LineCounter(on_line)
        self._held = False
        self._hurried = False

    @property
    def lines(self) -> int:
        return self._counter.lines

    async def start(self) -> None:
        # By name, and before it is there: a creation that is cut short leaves nothing behind.
        self._guard.hold("docker", self._name)
        self._held = True
        try:
            await self._engine.create(self._name, self._body)
            await self._engine.start(self._name)
        except EngineError as error:
            missing = any(words in str(error) for words in _NOT_FOUND)
            status = 127 if missing else 126 if "permission denied" in str(error) else 125
            raise StartError(str(error).strip(), status) from error

    async def wait(self) -> int:
        failure: OutriderError | None = None
        status = 0
        async with asyncio.TaskGroup() as group:
            following = group.create_task(self._count(self._counter, follow=True))
            try:
                status = await self._engine.wait(self._name)
            except OutriderError as error:
                failure = error
            following.cancel()
        if failure is not None:
            raise failure
        # The live stream may have been cut before its last lines, and Docker's own copy of a long log begins late.
        again = LineCounter(self._on_line, self._counter.told)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0 if self._hurried else _RECOUNT_SECONDS):
                await self._count(again, follow=False)
                again.end()
        self._counter = max(self._counter, again, key=lambda counter: counter.lines)
        for path, folder in self._keep.items():
            with contextlib.suppress(OutriderError, tarfile.TarError, OSError):
                await self._copy(path, folder)
        return status

    async def stop(self, grace: float) -> None:
        await self._engine.stop(self._name, round(grace))

    async def kill(self) -> None:
        self._hurried = True
        await self._engine.kill(self._name)

    async def health(self, changed: Callable[[Health], None]) -> None:
        async for state in self._engine.health(self._name):
            changed(Health(state.upper()))

    async def remove(self) -> None:
        if self._held:
            await self._engine.remove(self._name)
            self._guard.release("docker", self._name)
            self._held = False
        self._on_removed()

    async def _copy(self, path: str, folder: Path) -> None:
        archive = await self._engine.archive(self._name, path)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            found = tar.extractfile(tar.getmembers()[0])
            if found is not None:
                (folder / PurePosixPath(path).name).write_bytes(found.read())

    async def _count(self, counter: LineCounter, *, follow: bool) -> None:
        try:
            async for part in self._engine.output(self._name, follow=follow):
                counter.feed(part)
        except OutriderError:
            return  # an engine that keeps no copy: the count is what it is, the container lives and ends all the same
