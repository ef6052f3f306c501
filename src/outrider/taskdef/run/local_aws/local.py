"""The stand-in for AWS of one run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.local_aws.arrived import Place, arrived
from outrider.taskdef.run.local_aws.awslogs import LogDriver, log_drivers
from outrider.taskdef.run.local_aws.service import Service, started
from outrider.taskdef.run.local_aws.wants import Wants, redirected, variables, wants_of
from outrider.taskdef.run.process.child import Guard
from outrider.taskdef.shape import TaskDefinition
from outrider.taskdef.view import Task


@dataclass(frozen=True, slots=True)
class LocalAws:
    """``definition`` is the task's, its outputs pointed here; ``variables`` are for every container."""

    definition: TaskDefinition
    variables: Mapping[str, str]
    _service: Service
    _wants: Wants
    _drivers: Mapping[str, LogDriver]

    def line(self, container: str, text: str) -> None:
        """A container has printed a line: it goes to its log group if it logs with ``awslogs``."""
        driver = self._drivers.get(container)
        if driver is not None:
            driver.line(text)

    async def arrived(self, folder: Path | None) -> list[Place]:
        """Everything that has come, and where; written below ``folder`` if there is one. Raises LocalError."""
        for driver in self._drivers.values():
            await driver.close()
        return await arrived(self._service, {self._wants.region, *self._wants.regions}, folder)


@dataclass(frozen=True, slots=True)
class Beside:
    """Where a stand-in runs: at an address, for peers of ``networks``, held by a guard.

    ``store`` is where outputs to S3 keep what is not sent yet, unless they say so themselves: each task has its own.
    ``note`` gets what cannot be prepared.
    """

    identity: Identity
    guard: Guard
    address: str
    networks: Sequence[str]
    store: Path
    note: Callable[[str, str], None]


@asynccontextmanager
async def local_aws(definition: TaskDefinition, router: Mapping[str, str], beside: Beside) -> AsyncIterator[LocalAws]:
    """A stand-in for one task while the block runs.

    ``router`` are the variables of the task's router, which names may hold. Raises UserError and LocalError.
    """
    wants = wants_of(definition, router)
    for name, text in wants.notes:
        beside.note(name, text)
    async with started(beside.guard, beside.address, beside.networks) as service:
        for fault in await service.create(wants.things):
            beside.note("", fault)
        yield LocalAws(
            redirected(definition, service.url, str(beside.store)),
            variables(service.url, wants.region),
            service,
            wants,
            log_drivers(service, Task(definition), beside.identity, beside.note),
        )
