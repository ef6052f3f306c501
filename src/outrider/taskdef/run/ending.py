"""The end of a task: each container gets SIGTERM when nothing that needs it runs any more, then SIGKILL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeAlias, TypeVar

from outrider.model.errors import OutriderError
from outrider.taskdef.run.cell import Cell, News
from outrider.taskdef.run.plan import Role

LOST = 125
"""Exit status of a container of which nobody knows the end, as the docker command has it."""
END_SECONDS = 30.0
"""How long a container that has been killed may take to be seen to end: longer than its output and queue may take."""
HURRY_SECONDS = 5.0
"""The same, when the task is to end at once."""
Report: TypeAlias = Callable[[str, str], None]
"""Gets a container's name, or an empty one for the task, and what has changed."""

_T = TypeVar("_T")


class Ending:
    """Ends every container of a task. ``applications_ended`` is awaited before the first sidecar is stopped.

    ``hurry`` cuts short whatever takes time.
    """

    def __init__(
        self,
        cells: Mapping[str, Cell],
        news: News,
        hurry: asyncio.Event,
        report: Report,
        applications_ended: Callable[[], Coroutine[Any, Any, None]] | None,
    ) -> None:
        self._cells = cells
        self._news = news
        self._hurry = hurry
        self._report = report
        self._applications_ended = applications_ended

    async def run(self) -> None:
        """Until each has ended."""
        async with asyncio.TaskGroup() as group:
            settling = group.create_task(self._settle())
            for cell in self._cells.values():
                group.create_task(self._end(cell, settling))

    async def _end(self, cell: Cell, settling: asyncio.Task[None]) -> None:
        while cell.starting or any(other.alive for other in self._in_front_of(cell)):
            await self._news.wait()
        if cell.planned.role is not Role.APPLICATION and cell.running:
            await settling
        if cell.running:
            await self._stop(cell)

    async def _settle(self) -> None:
        while any(cell.alive for cell in self._cells.values() if cell.planned.role is Role.APPLICATION):
            await self._news.wait()
        sidecars = any(cell.alive for cell in self._cells.values())
        if sidecars and self._applications_ended is not None:
            await unless(self._hurry, self._applications_ended())

    def _in_front_of(self, cell: Cell) -> list[Cell]:
        """Those that end before it: the kinds that come later at the start, and of its own kind what depends on it."""
        roles = list(Role)
        own = roles.index(cell.planned.role)
        found = []
        for other in self._cells.values():
            rank = roles.index(other.planned.role)
            needs = any(wait.container == cell.planned.name for wait in other.planned.waits)
            if rank > own or (rank == own and needs):
                found.append(other)
        return found

    async def _stop(self, cell: Cell) -> None:
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
            cell.end(LOST)
            self._news.tell()
            self._report(cell.planned.name, "does not end; not waiting for it any longer")


async def unless(event: asyncio.Event, work: Coroutine[Any, Any, _T]) -> _T | None:
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
