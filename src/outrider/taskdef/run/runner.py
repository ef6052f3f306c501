"""The life of a task: each container starts when what it depends on lets it; the first essential one to end ends all.

As on ECS: containers start beside each other, each once all of its ``dependsOn`` hold; one that can hold no more ends
the task; when an essential container ends, so does the task; each container gets SIGTERM and, after its
``stopTimeout``, SIGKILL. Applications stop before the router and the router before the agent, whatever ``dependsOn``
says, so that the last lines still have somewhere to go.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

from outrider.model.errors import LocalError, OutriderError, UserError
from outrider.taskdef.run.cell import Cell, News
from outrider.taskdef.run.container import Container, StartError
from outrider.taskdef.run.ending import LOST, Ending, Report, unless
from outrider.taskdef.run.health import Check, Health
from outrider.taskdef.run.plan import Planned, Role, Wait
from outrider.taskdef.run.ready import READY_IN_DOCKER_SECONDS, READY_SECONDS

Build: TypeAlias = Callable[[Planned], Awaitable[Container]]


class Runner:
    """Runs planned containers once. ``applications_ended`` is awaited when they have; the sidecars still run then.

    ``ready`` returns when a sidecar takes connections: no application starts before. ``last_words`` has the end of what
    a container has printed, and ``ports`` where its ports are, as the end of a message.
    """

    def __init__(
        self,
        planned: list[Planned],
        build: Build,
        report: Report,
        applications_ended: Callable[[], Coroutine[Any, Any, None]] | None = None,
        ready: Callable[[Planned], Coroutine[Any, Any, None]] | None = None,
        last_words: Callable[[str], str] = lambda name: "",
        ports: Callable[[Planned], str] = lambda planned: "",
    ) -> None:
        self.cells = {p.name: Cell(p) for p in planned}
        self.reason = ""
        self.status = 0
        self.stopping_at: float | None = None
        self._build = build
        self._report = report
        self._ready = ready
        self._last_words = last_words
        self._ports = ports
        self._news = News()
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._ending = Ending(self.cells, self._news, self._hurry, report, applications_ended)

    def stop(self, reason: str, status: int) -> None:
        """End the task, for the first reason given. ``status`` is what the task's exit status shall be."""
        if not self._stopping.is_set():
            self._stopping.set()  # first: whoever hears the report may want to stop the task as well
            self.reason, self.status, self.stopping_at = reason, status, time.time()
            self._report("", f"stopping: {reason}")

    def kill(self) -> None:
        """Give nothing any more time: not a container to end, nor what else the end of the task waits for."""
        self._hurry.set()

    async def run(self) -> None:
        """Until every container has ended and is removed; ``reason`` and ``status`` say how it went."""
        try:
            async with asyncio.TaskGroup() as group:
                for cell in self.cells.values():
                    group.create_task(self._begin(cell, group))
                await self._stopping.wait()
                await self._ending.run()
        finally:
            for cell in self.cells.values():
                if cell.container is not None:
                    await self._remove(cell.planned.name, cell.container)

    async def _remove(self, name: str, container: Container) -> None:
        try:
            await container.remove()
        except OutriderError as error:
            self._report(name, f"cannot be removed: {error}")

    async def _begin(self, cell: Cell, group: asyncio.TaskGroup) -> None:
        name = cell.planned.name
        try:
            container = await unless(self._stopping, self._prepared(cell))
            if container is None or self._stopping.is_set():
                return
            cell.starting = True
            try:
                await container.start()  # not cut short: what is half started would be left behind
                cell.start()
            finally:
                cell.starting = False
                self._news.tell()
        except StartError as error:
            self.stop(f"container '{name}' cannot be started: {error}", error.status)
            return
        except OutriderError as error:
            self.stop(str(error), 2 if isinstance(error, UserError) else 1)
            return
        self._report(name, f"running ({container.backend}){self._ports(cell.planned)}")
        cell.watching = group.create_task(self._watch(cell, container))
        if cell.planned.role is not Role.APPLICATION and self._ready is not None:
            group.create_task(self._get_ready(cell, self._ready))
        if Check.of(cell.planned.definition) is not None:
            group.create_task(self._follow_health(cell, container))

    async def _prepared(self, cell: Cell) -> Container:
        """The container, once it may start. Raises OutriderError if it never may."""
        container = cell.container = await self._build(cell.planned)
        cell.created_at = time.time()
        for wait in cell.planned.waits:
            if wait.condition != "START":
                self._report(cell.planned.name, f"waiting for '{wait.container}': {wait.condition}")
        while waits := [w for w in cell.planned.waits if not self.cells[w.container].has_reached(w.condition)]:
            await self._change(cell, waits)
        while self._ready is not None and not all(self._settled(self.cells[name]) for name in cell.planned.sidecars):
            await self._news.wait()
        return container

    @staticmethod
    def _settled(sidecar: Cell) -> bool:
        return sidecar.ready or sidecar.ended.is_set()

    async def _change(self, cell: Cell, waits: list[Wait]) -> None:
        """Wait for news of what ``waits`` name. Raises LocalError if one of them cannot come true any more."""
        name = cell.planned.name
        for wait in waits:
            why = self.cells[wait.container].never(wait.condition)
            if why:
                raise LocalError(f"container '{wait.container}' {why}, '{name}' waits for {wait.condition}")
        ends = {w: deadline for w in waits if (deadline := self.cells[w.container].deadline(w)) is not None}
        first = min(ends, key=ends.__getitem__, default=None)
        try:
            async with asyncio.timeout_at(None if first is None else ends[first]):
                await self._news.wait()
        except TimeoutError:
            assert first is not None
            limit = self.cells[first.container].planned.start_timeout
            raise LocalError(
                f"container '{first.container}' is not {first.condition} within its startTimeout of {limit:g} s, "
                f"'{name}' waits for that"
            ) from None

    async def _get_ready(self, cell: Cell, ready: Callable[[Planned], Awaitable[None]]) -> None:
        try:
            assert cell.container is not None
            seconds = READY_IN_DOCKER_SECONDS if cell.container.backend == "docker" else READY_SECONDS
            await unless(cell.ended, self._listening(cell.planned, ready, seconds))
        except OutriderError as error:
            self.stop(str(error), 1)
            return
        cell.ready = cell.running
        if cell.ready:
            self._report(cell.planned.name, "ready")
        self._news.tell()

    async def _listening(self, planned: Planned, ready: Callable[[Planned], Awaitable[None]], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await ready(planned)
        except TimeoutError:
            words = self._last_words(planned.name)
            raise LocalError(f"container '{planned.name}' does not listen after {seconds:g} s{words}") from None

    async def _follow_health(self, cell: Cell, container: Container) -> None:
        name = cell.planned.name

        def changed(health: Health) -> None:
            cell.health, cell.health_at = health, time.time()
            in_service = "; in a service, ECS would replace the task" if cell.planned.essential else ""
            self._report(name, f"{health.value}{in_service if health is Health.UNHEALTHY else ''}")
            self._news.tell()

        try:
            await unless(cell.ended, container.health(changed))
        except OutriderError as error:
            cell.health = Health.UNKNOWN
            waiting = (other for other in self.cells.values() if not other.started.is_set())
            if any(Wait(name, "HEALTHY") in other.planned.waits for other in waiting):
                self.stop(str(error), 1)
            else:
                self._report(name, f"its health is not known any more: {error}")

    async def _watch(self, cell: Cell, container: Container) -> None:
        name = cell.planned.name
        try:
            status = await container.wait()
        except OutriderError as error:
            self._report(name, f"lost: {error}")
            status = LOST
        cell.end(status)
        self._news.tell()
        dropped = f", {container.dropped} log messages dropped" if container.dropped else ""
        early = (
            self._ready is not None
            and cell.planned.role is not Role.APPLICATION
            and not (cell.ready or self._stopping.is_set())
        )
        end = f"ended with status {status}{' before it was ready' if early else ''}"
        words = self._last_words(name) if status and not self._stopping.is_set() else ""
        self._report(name, f"{end}{dropped}{words if not cell.planned.essential else ''}")
        if cell.planned.essential:
            self.stop(f"essential container '{name}' {end}{words}", status)
        elif all(other.ended.is_set() for other in self.cells.values()):
            self.stop("every container has ended", 0)
