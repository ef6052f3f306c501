"""One container of a running task: how far it is, and whether what waits for it may go on."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from outrider.taskdef.run.container import Container
from outrider.taskdef.run.health import Health
from outrider.taskdef.run.plan import Planned, Role, Wait


@dataclass(slots=True)
class Cell:
    """``status`` is its exit status, None before its end. ``ready``: it is a sidecar that takes connections.

    ``starting`` is true from the attempt to start it until that is over. ``created_at``, ``started_at``, ``ended_at``
    and ``health_at`` (the last change of its health) are seconds since the epoch, None before that; ``began`` is its
    start on the clock of the event loop.
    """

    planned: Planned
    container: Container | None = None
    status: int | None = None
    ready: bool = False
    health: Health = Health.UNKNOWN
    starting: bool = False
    watching: asyncio.Task[None] | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    created_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    health_at: float | None = None
    began: float = 0.0

    def start(self) -> None:
        """It runs from now on."""
        self.started_at, self.began = time.time(), asyncio.get_running_loop().time()
        self.started.set()

    def end(self, status: int) -> None:
        """It has ended now."""
        self.status, self.ended_at = status, time.time()
        self.ended.set()

    @property
    def running(self) -> bool:
        """Started and not ended."""
        return self.started.is_set() and not self.ended.is_set()

    @property
    def alive(self) -> bool:
        """Running, or about to."""
        return self.starting or self.running

    def has_reached(self, condition: str) -> bool:
        """Whether it is where a ``dependsOn`` with this condition (one of CONDITIONS) wants it now."""
        if condition == "START":
            return self.started.is_set()
        if condition == "HEALTHY":
            listens = self.ready or self.planned.role is Role.APPLICATION
            return self.running and listens and self.health is Health.HEALTHY
        return self.ended.is_set() and (condition == "COMPLETE" or self.status == 0)

    def never(self, condition: str) -> str:
        """Why it will not be there any more, as the end of "container 'x'"; empty while it still may."""
        if condition == "HEALTHY" and self.ended.is_set():
            return f"is not healthy: it ended with status {self.status}"
        if condition == "HEALTHY" and self.health is Health.UNHEALTHY:
            return "is not healthy: its health check failed"
        if condition == "SUCCESS" and self.ended.is_set() and self.status != 0:
            return f"ended with status {self.status}"
        return ""

    def deadline(self, wait: Wait) -> float | None:
        """When its ``startTimeout`` is over for others, on the clock of the event loop; None is without limit."""
        limit = self.planned.start_timeout
        if limit is None or wait.condition == "START" or not self.started.is_set():
            return None
        return self.began + limit


class News:
    """Tells everybody who waits that something has changed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Something has."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Until the next change."""
        await self._event.wait()
