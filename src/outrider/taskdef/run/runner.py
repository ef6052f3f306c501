"""The life of a task: start in order, end with the first essential container, stop in reverse order.

As on ECS: a container starts once what it depends on has reached the condition; when an essential container ends, the
task does; each container gets SIGTERM and, after its ``stopTimeout``, SIGKILL. Applications stop before the router and
the router before the agent, whatever ``dependsOn`` says, so that the last lines still have somewhere to go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from outrider.model.errors import LocalError, OutriderError, UserError
from outrider.taskdef.run.container import Container, StartError
from outrider.taskdef.run.plan import Planned, Role, Wait

_LOST = 125
"""Exit status of a container of which nobody knows the end, as the docker command has it."""
Build: TypeAlias = Callable[[Planned], Awaitable[Container]]
Report: TypeAlias = Callable[[str, str], None]
"""Gets a container's name, or an empty one for the task, and what has changed."""


@dataclass(slots=True)
class Cell:
    """One container of a running task. ``status`` is its exit status, None before its end."""

    planned: Planned
    container: Container | None = None
    status: int | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def running(self) -> bool:
        """Started and not ended."""
        return self.started.is_set() and not self.ended.is_set()


def _ports(planned: Planned) -> str:
    mappings = planned.definition.get("portMappings") or ()
    ports = ", ".join(str(mapping["containerPort"]) for mapping in mappings if "containerPort" in mapping)
    return f", port {ports} of this machine" if ports and planned.role is Role.APPLICATION else ""


class Runner:
    """Runs planned containers once. ``applications_ended`` is awaited when they have; the sidecars still run then."""

    def __init__(
        self,
        planned: list[Planned],
        build: Build,
        report: Report,
        applications_ended: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.cells = {p.name: Cell(p) for p in planned}
        self.reason = ""
        self.status = 0
        self._build = build
        self._report = report
        self._applications_ended = applications_ended
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()

    def stop(self, reason: str, status: int) -> None:
        """End the task, for the first reason given. ``status`` is what the task's exit status shall be."""
        if not self._stopping.is_set():
            self.reason, self.status = reason, status
            self._report("", f"stopping: {reason}")
            self._stopping.set()

    def kill(self) -> None:
        """Give no container any more time to end."""
        self._hurry.set()

    async def run(self) -> None:
        """Until every container has ended and is removed; ``reason`` and ``status`` say how it went."""
        try:
            async with asyncio.TaskGroup() as group:
                starting = group.create_task(self._start_all(group))
                await self._stopping.wait()
                starting.cancel()
                await self._stop_all()
        finally:
            for cell in self.cells.values():
                if cell.container is not None:
                    await self._remove(cell.planned.name, cell.container)

    async def _remove(self, name: str, container: Container) -> None:
        try:
            await container.remove()
        except OutriderError as error:
            self._report(name, f"cannot be removed: {error}")

    async def _start_all(self, group: asyncio.TaskGroup) -> None:
        for cell in self.cells.values():
            name = cell.planned.name
            try:
                for wait in cell.planned.waits:
                    await self._reach(cell, wait)
                cell.container = await self._build(cell.planned)
                await cell.container.start()
            except StartError as error:
                self.stop(f"container '{name}' cannot be started: {error}", error.status)
                return
            except OutriderError as error:
                self.stop(str(error), 2 if isinstance(error, UserError) else 1)
                return
            cell.started.set()
            self._report(name, f"running ({cell.container.backend}){_ports(cell.planned)}")
            group.create_task(self._watch(cell, cell.container))

    async def _watch(self, cell: Cell, container: Container) -> None:
        name = cell.planned.name
        try:
            cell.status = await container.wait()
        except OutriderError as error:
            self._report(name, f"lost: {error}")
            cell.status = _LOST
        cell.ended.set()
        dropped = f", {container.dropped} log messages dropped" if container.dropped else ""
        self._report(name, f"ended with status {cell.status}{dropped}")
        if cell.planned.essential:
            self.stop(f"essential container '{name}' ended with status {cell.status}", cell.status)
        elif all(other.ended.is_set() for other in self.cells.values()):
            self.stop("every container has ended", 0)

    async def _reach(self, cell: Cell, wait: Wait) -> None:
        other = self.cells[wait.container]
        if wait.condition == "START":
            await other.started.wait()
            return
        self._report(cell.planned.name, f"waiting for '{wait.container}': {wait.condition}")
        if wait.condition == "HEALTHY":
            assert other.container is not None
            if not await other.container.healthy():
                raise LocalError(f"container '{wait.container}' is not healthy, '{cell.planned.name}' waits for that")
            return
        await other.ended.wait()
        if wait.condition == "SUCCESS" and other.status != 0:
            raise LocalError(
                f"container '{wait.container}' ended with status {other.status}, '{cell.planned.name}' waits for 0"
            )

    async def _stop_all(self) -> None:
        told = False
        while wave := self._last():
            if not told and all(cell.planned.role is not Role.APPLICATION for cell in wave):
                told = True
                if self._applications_ended is not None:
                    await self._applications_ended()
            async with asyncio.TaskGroup() as group:
                for cell in wave:
                    group.create_task(self._stop_one(cell))

    def _last(self) -> list[Cell]:
        """Running containers that no running one depends on, of the kind that stops first."""
        running = [cell for cell in self.cells.values() if cell.running]
        roles = list(Role)
        latest = max((roles.index(cell.planned.role) for cell in running), default=0)
        kind = [cell for cell in running if roles.index(cell.planned.role) == latest]
        needed = {wait.container for cell in kind for wait in cell.planned.waits}
        return [cell for cell in kind if cell.planned.name not in needed]

    async def _stop_one(self, cell: Cell) -> None:
        grace = 0.0 if self._hurry.is_set() else cell.planned.stop_timeout
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(self._tell(cell, grace))
            hurrying = group.create_task(self._kill_when_hurried(cell))
            await cell.ended.wait()
            stopping.cancel()
            hurrying.cancel()

    async def _kill_when_hurried(self, cell: Cell) -> None:
        await self._hurry.wait()
        await self._tell(cell, 0)

    async def _tell(self, cell: Cell, grace: float) -> None:
        assert cell.container is not None
        try:
            await cell.container.stop(grace)
        except OutriderError as error:
            self._report(cell.planned.name, f"cannot be stopped: {error}")
