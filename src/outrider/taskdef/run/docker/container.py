"""A container of a task in Docker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from outrider.model.errors import OutriderError
from outrider.taskdef.run.container import StartError
from outrider.taskdef.run.docker.engine import Engine, EngineError
from outrider.taskdef.run.docker.frames import LineCounter
from outrider.taskdef.run.health import Check, Health
from outrider.taskdef.run.plan import Planned
from outrider.taskdef.run.process.child import Guard

_MEGABYTE = 1024 * 1024
_SECOND = 1_000_000_000
_RECOUNT_SECONDS = 20
_NOT_FOUND = ("executable file not found", "no such file or directory")


def options(
    planned: Planned, image: str, environment: Mapping[str, str], log: Mapping[str, str] | None, volumes: Sequence[str]
) -> dict[str, Any]:
    """The body of Docker's create call.

    ``log`` holds the options of the ``fluentd`` driver, None for Docker's own log files; ``volumes`` are bind mounts.
    The network is the machine's, where the router's port is. An absent entryPoint or command is the image's. Source:
    the ECS agent's mapping of a container definition (``agent/api/task/task.go``).
    """
    definition = planned.definition
    host: dict[str, Any] = {
        "NetworkMode": "host",
        "LogConfig": {"Type": "json-file"} if log is None else {"Type": "fluentd", "Config": dict(log)},
        "Binds": list(volumes),
        "Memory": (definition.get("memory") or 0) * _MEGABYTE,
        "MemoryReservation": (definition.get("memoryReservation") or 0) * _MEGABYTE,
        "ReadonlyRootfs": bool(definition.get("readonlyRootFilesystem")),
    }
    body: dict[str, Any] = {
        "Image": image,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Labels": dict(definition.get("dockerLabels") or {}) | {"outrider.task": "local"},
        "HostConfig": host,
    }
    for key, name in (("entryPoint", "Entrypoint"), ("command", "Cmd")):
        if definition.get(key):
            body[name] = planned.words(key)
    for key, name in (("user", "User"), ("workingDirectory", "WorkingDir")):
        if definition.get(key):
            body[name] = definition[key]
    check = Check.of(definition)
    if check:
        body["Healthcheck"] = {
            "Test": ["CMD", *check.words],
            "Interval": int(check.interval * _SECOND),
            "Timeout": int(check.timeout * _SECOND),
            "Retries": check.retries,
            "StartPeriod": int(check.start_period * _SECOND),
        }
    return body


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
    ) -> None:
        """``on_line`` gets each line that the container prints, if Docker keeps them."""
        self._engine = engine
        self._name = name
        self._body = body
        self._guard = guard
        self._on_line = on_line
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

    async def _count(self, counter: LineCounter, *, follow: bool) -> None:
        try:
            async for part in self._engine.output(self._name, follow=follow):
                counter.feed(part)
        except OutriderError:
            return  # an engine that keeps no copy: the count is what it is, the container lives and ends all the same
