"""Looks at a running task: what its endpoint answers is what is so at that moment."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from outrider.model.errors import OutriderError
from outrider.taskdef.run.cell import Cell
from outrider.taskdef.run.docker.engine import Engine
from outrider.taskdef.run.health import Check
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.metadata.document import ContainerNow, Health, Network, TaskNow
from outrider.taskdef.run.metadata.usage import usage
from outrider.taskdef.run.process.container import ProcessContainer
from outrider.taskdef.run.runner import Runner
from outrider.taskdef.shape import TaskDefinition

_FRESH_SECONDS: Final = 1.0
"""How long an answer about usage is good: who asks more often gets the same one, so that nobody keeps Docker busy."""


@dataclass(slots=True)
class Running:
    """One running task; ``network`` is where it is reached."""

    definition: TaskDefinition
    identity: Identity
    revision: int
    runner: Runner
    engine: Engine | None
    network: Network
    prepared_at: float = field(default_factory=time.time)
    _ids: dict[str, tuple[str, str]] = field(default_factory=dict)
    _usage: dict[str, tuple[float, dict[str, Any] | None]] = field(default_factory=dict)
    _asking: dict[str, asyncio.Lock] = field(default_factory=dict)

    @property
    def task_id(self) -> str:
        """The task's."""
        return self.identity.task_id

    @property
    def arn(self) -> str:
        """The task's."""
        return self.identity.arn

    @property
    def names(self) -> list[str]:
        """Of its containers."""
        return [*self.runner.cells]

    async def now(self) -> TaskNow:
        """The task at this moment."""
        containers = [await self._container(cell) for cell in self.runner.cells.values()]
        order = [str(definition["name"]) for definition in self.definition["containerDefinitions"]]
        return TaskNow(
            definition=self.definition,
            arn=self.identity.arn,
            cluster=self.identity.cluster,
            revision=self.revision,
            network=self.network,
            containers=tuple(sorted(containers, key=lambda container: order.index(container.name))),
            prepared_at=self.prepared_at,
            stopping_at=self.runner.stopping_at,
        )

    async def usage(self, name: str) -> dict[str, Any] | None:
        """What a container uses, at most a second old; None where it does not run, or Docker does not say."""
        async with self._asking.setdefault(name, asyncio.Lock()):
            asked_at, found = self._usage.get(name, (float("-inf"), None))
            if time.monotonic() - asked_at >= _FRESH_SECONDS:
                found = await self._ask(self.runner.cells[name])
                self._usage[name] = (time.monotonic(), found)
            return found

    async def _ask(self, cell: Cell) -> dict[str, Any] | None:
        container, name = cell.container, self._docker_name(cell)
        if not cell.running or container is None:
            return None
        if isinstance(container, ProcessContainer) and container.pid is not None:
            read = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            return usage(container.pid, self.identity.container_id(cell.planned.name), name, read)
        try:
            return await self.engine.stats(name) if self.engine is not None else None
        except OutriderError:
            return None

    async def _container(self, cell: Cell) -> ContainerNow:
        docker_id, image_id = await self._known_as(cell)
        return ContainerNow(
            definition=cell.planned.definition,
            docker_id=docker_id,
            docker_name=self._docker_name(cell),
            image_id=image_id,
            created_at=cell.created_at,
            started_at=cell.started_at,
            ended_at=cell.ended_at,
            status=cell.status,
            health=Health(cell.health.value, cell.health_at) if Check.of(cell.planned.definition) else None,
        )

    async def _known_as(self, cell: Cell) -> tuple[str, str]:
        """Ids of container and image: Docker's once it has made it, and so before anybody in it asks; else our own."""
        name = cell.planned.name
        own = (self.identity.container_id(name), "")
        if cell.container is None or cell.container.backend != "docker":
            return own
        if name not in self._ids and self.engine is not None:
            try:
                found = await self.engine.inspect(self._docker_name(cell))
            except OutriderError:
                return own
            self._ids[name] = (str(found.get("Id", "")), str(found.get("Image", "")))
        return self._ids.get(name, own)

    def _docker_name(self, cell: Cell) -> str:
        return self.identity.container_name(str(self.definition.get("family")), self.revision, cell.planned.name)
