"""Looks at a running task every second: at its containers, the router's monitor and what the agent writes down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import aiohttp

from outrider.taskdef.run.cell import Cell
from outrider.taskdef.run.health import Health
from outrider.taskdef.run.runner import Runner
from outrider.taskdef.run.watch.picture import ContainerRow, Picture, agent_of, outputs_of
from outrider.taskdef.run.workspace import Workspace

_SECONDS: Final = 1.0
_QUICK: Final = aiohttp.ClientTimeout(total=_SECONDS)


class Watched(Protocol):
    """See ``outrider.taskdef.run.task.TaskRun``."""

    @property
    def runner(self) -> Runner: ...
    @property
    def workspace(self) -> Workspace: ...
    @property
    def monitor(self) -> str: ...


async def watch(task: Watched, show: Callable[[Picture], None]) -> None:
    """Show a picture every second, until cancelled; the last one when everything has ended."""
    ledger: Mapping[str, Any] = {}
    async with aiohttp.ClientSession(timeout=_QUICK) as session:
        try:
            while True:
                ledger = await _ledger(session, task.monitor) or ledger
                show(_picture(task, ledger))
                await asyncio.sleep(_SECONDS)
        finally:
            show(_picture(task, ledger))


def _picture(task: Watched, ledger: Mapping[str, Any]) -> Picture:
    now = time.time()
    rows = tuple(_row(cell, now) for cell in task.runner.cells.values())
    return Picture(rows, outputs_of(ledger), agent_of(task.workspace.agent_status()), reason=task.runner.reason)


def _row(cell: Cell, now: float) -> ContainerRow:
    planned, container = cell.planned, cell.container
    seconds = None if cell.started_at is None else (cell.ended_at or now) - cell.started_at
    lines, dropped = (container.lines, container.dropped) if container else (0, None)
    return ContainerRow(planned.name, planned.role.value, _state(cell), cell.status, seconds, lines, dropped)


def _state(cell: Cell) -> str:
    if cell.ended_at is not None:
        return "STOPPED"
    if cell.started_at is None:
        return "PENDING"
    return "RUNNING" if cell.health is Health.UNKNOWN else cell.health.value


async def _ledger(session: aiohttp.ClientSession, monitor: str) -> dict[str, Any]:
    """What the router's monitor says; empty where nobody answers: before its start, after its end, without a router."""
    try:
        async with session.get(f"{monitor}/api/v1/ledger") as response:
            found = await response.json()
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return {}
    return found if isinstance(found, dict) and response.status == 200 else {}
