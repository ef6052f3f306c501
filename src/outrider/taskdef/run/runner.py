"""The life of a task: start in order, end with the first essential container, stop in reverse order.

As on ECS: a container starts once what it depends on has reached the condition; when an essential container ends, the
task does; each container gets SIGTERM and, after its ``stopTimeout``, SIGKILL. Applications stop before the router and
the router before the agent, whatever ``dependsOn`` says, so that the last lines still have somewhere to go.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from outrider.model.errors import LocalError, OutriderError, UserError
from outrider.taskdef.run.container import Container, StartError
from outrider.taskdef.run.plan import Planned, Role, Wait
from outrider.taskdef.run.ready import READY_SECONDS

_LOST = 125
"""Exit status of a container of which nobody knows the end, as the docker command has it."""
END_SECONDS = 30.0
"""How long a container that has been killed may take to be seen to end: longer than its output and queue may take."""
HURRY_SECONDS = 5.0
"""The same, when the task is to end at once."""
Build: TypeAlias = Callable[[Planned], Awaitable[Container]]
Report: TypeAlias = Callable[[str, str], None]
"""Gets a container's name, or an empty one for the task, and what has changed."""


_T = TypeVar("_T")


@dataclass(slots=True)
class Cell:
    """One container of a running task. ``status`` is its exit status, None before its end.

    ``created_at``, ``started_at`` and ``ended_at`` are seconds since the epoch, None before that.
    """

    planned: Planned
    container: Container | None = None
    status: int | None = None
    ready: bool = False
    watching: asyncio.Task[None] | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    created_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None

    def start(self) -> None:
        """It runs from now on."""
        self.started_at = time.time()
        self.started.set()

    def end(self, status: int) -> None:
        """It has ended now."""
        self.status, self.ended_at = status, time.time()
        self.ended.set()

    @property
    def running(self) -> bool:
        """Started and not ended."""
        return self.started.is_set() and not self.ended.is_set()


def _ports(planned: Planned) -> str:
    mappings = planned.definition.get("portMappings") or ()
    ports = ", ".join(str(mapping["containerPort"]) for mapping in mappings if "containerPort" in mapping)
    if ports and "," not in ports:
        ports = planned.environment.get("PORT", ports)  # who lets the port be chosen calls it so
    return f", port {ports} of this machine" if ports and planned.role is Role.APPLICATION else ""


class Runner:
    """Runs planned containers once. ``applications_ended`` is awaited when they have; the sidecars still run then.

    ``ready`` returns when a sidecar takes connections: no application starts before. ``last_words`` has the end of what
    a container has printed, as the end of a message.
    """

    def __init__(
        self,
        planned: list[Planned],
        build: Build,
        report: Report,
        applications_ended: Callable[[], Coroutine[Any, Any, None]] | None = None,
        ready: Callable[[Planned], Coroutine[Any, Any, None]] | None = None,
        last_words: Callable[[str], str] = lambda name: "",
    ) -> None:
        self.cells = {p.name: Cell(p) for p in planned}
        self.reason = ""
        self.status = 0
        self._build = build
        self._report = report
        self._applications_ended = applications_ended
        self._ready = ready
        self._last_words = last_words
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()

    def stop(self, reason: str, status: int) -> None:
        """End the task, for the first reason given. ``status`` is what the task's exit status shall be."""
        if not self._stopping.is_set():
            self._stopping.set()  # first: whoever hears the report may want to stop the task as well
            self.reason, self.status = reason, status
            self._report("", f"stopping: {reason}")

    def kill(self) -> None:
        """Give nothing any more time: not a container to end, nor what else the end of the task waits for."""
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
                cell.created_at = time.time()
                if cell.planned.role is Role.APPLICATION:
                    await self._sidecars_ready()
                if self._stopping.is_set():
                    return  # an essential sidecar has just ended
                await cell.container.start()
            except StartError as error:
                self.stop(f"container '{name}' cannot be started: {error}", error.status)
                return
            except OutriderError as error:
                self.stop(str(error), 2 if isinstance(error, UserError) else 1)
                return
            cell.start()
            self._report(name, f"running ({cell.container.backend}){_ports(cell.planned)}")
            cell.watching = group.create_task(self._watch(cell, cell.container))

    async def _sidecars_ready(self) -> None:
        """Wait for those that have been started. Raises LocalError for one that lives but does not listen."""
        for cell in self.cells.values():
            if cell.planned.role is Role.APPLICATION or cell.ready or not cell.running or self._ready is None:
                continue
            await _unless(cell.ended, self._listening(cell.planned, self._ready))
            cell.ready = cell.running
            if cell.ready:
                self._report(cell.planned.name, "ready")

    async def _listening(self, planned: Planned, ready: Callable[[Planned], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(READY_SECONDS):
                await ready(planned)
        except TimeoutError:
            words = self._last_words(planned.name)
            raise LocalError(f"container '{planned.name}' does not listen after {READY_SECONDS:g} s{words}") from None

    async def _watch(self, cell: Cell, container: Container) -> None:
        name = cell.planned.name
        try:
            status = await container.wait()
        except OutriderError as error:
            self._report(name, f"lost: {error}")
            status = _LOST
        cell.end(status)
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

    async def _reach(self, cell: Cell, wait: Wait) -> None:
        other = self.cells[wait.container]
        if wait.condition == "START":
            await other.started.wait()
            return
        self._report(cell.planned.name, f"waiting for '{wait.container}': {wait.condition}")
        limit = other.planned.start_timeout
        try:
            async with asyncio.timeout(limit):
                await self._reach_later(cell, other, wait)
        except TimeoutError:
            raise LocalError(
                f"container '{wait.container}' is not {wait.condition} within its startTimeout of {limit:g} s, "
                f"'{cell.planned.name}' waits for that"
            ) from None

    async def _reach_later(self, cell: Cell, other: Cell, wait: Wait) -> None:
        if wait.condition == "HEALTHY":
            assert other.container is not None
            healthy = await _unless(other.ended, other.container.healthy())
            if not healthy:
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
                    await _unless(self._hurry, self._applications_ended())
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
        self._report(cell.planned.name, "stopping")
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(self._stop_in_time(cell))
            hurrying = group.create_task(self._kill_when_hurried(cell))
            await cell.ended.wait()
            stopping.cancel()
            hurrying.cancel()

    async def _stop_in_time(self, cell: Cell) -> None:
        assert cell.container is not None
        await self._tell(cell, cell.container.stop(cell.planned.stop_timeout))
        await self._end_or_lose(cell, END_SECONDS)

    async def _kill_when_hurried(self, cell: Cell) -> None:
        assert cell.container is not None
        await self._hurry.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HURRY_SECONDS):
                await self._tell(cell, cell.container.kill())
        await self._end_or_lose(cell, HURRY_SECONDS)

    async def _tell(self, cell: Cell, telling: Awaitable[None]) -> None:
        try:
            await telling
        except OutriderError as error:
            self._report(cell.planned.name, f"cannot be stopped: {error}")

    async def _end_or_lose(self, cell: Cell, seconds: float) -> None:
        """Wait for the end of a container that has been killed; one that is not seen to end in time is lost."""
        try:
            async with asyncio.timeout(seconds):
                await cell.ended.wait()
        except TimeoutError:
            assert cell.watching is not None
            cell.watching.cancel()
            cell.end(_LOST)
            self._report(cell.planned.name, "does not end; not waiting for it any longer")


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, _T]) -> _T | None:
    """The result of ``work``, which is cancelled when ``event`` is set: then None. Raises what ``work`` raises."""
    async with asyncio.TaskGroup() as group:
        working = group.create_task(_outcome(work))
        waiting = group.create_task(event.wait())
        await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        waiting.cancel()
    outcome = None if working.cancelled() else working.result()
    if isinstance(outcome, OutriderError):
        raise outcome
    return outcome


async def _outcome(work: Coroutine[Any, Any, _T]) -> _T | OutriderError:
    """What ``work`` returns or raises, so that a group does not wrap it."""
    try:
        return await work
    except OutriderError as error:
        return error
