"""Where a task runs on this machine: which sidecars are containers, and in which network everything is."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from outrider.model.errors import LocalError, UserError
from outrider.taskdef.firelens import network_mode
from outrider.taskdef.run.docker.engine import Engine
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.network import TaskNetwork, Wanted, machine_instead, machines, shared
from outrider.taskdef.run.plan import Planned, Role
from outrider.taskdef.run.process.child import Guard
from outrider.taskdef.shape import TaskDefinition

Backend: TypeAlias = Literal["auto", "docker", "process"]
Say: TypeAlias = Callable[[str, str], None]
"""Gets a container's name and a line: what it printed, or what a user should know of it."""
_NO_ENTRY = "log router and agent run as processes, which can enter a network of Docker's only as root, with nsenter"


class SettingWishes(Protocol):
    """What of ``outrider.taskdef.run.Wishes`` counts here."""

    @property
    def network(self) -> Wanted: ...
    @property
    def sidecars(self) -> Backend: ...
    @property
    def images(self) -> Mapping[str, str]: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def pull_seconds(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Setting:
    """``mode`` is the network mode for which ECS's part is played; ``log_drivers`` are those of Docker here."""

    network: TaskNetwork
    mode: str = "awsvpc"
    sidecars_in_docker: frozenset[str] = frozenset()
    log_drivers: Sequence[str] = ()

    @property
    def address(self) -> str:
        """Where something of this machine listens that the task shall reach, and nobody else."""
        return self.network.machine if self.network.holder else self.network.inside

    @property
    def peers(self) -> list[str]:
        """The networks of those who may."""
        if not self.network.holder:
            return ["127.0.0.0/8"]
        return [f"{address}/32" for address in (self.network.outside, self.network.machine)]

    def admits(self, peer: str) -> bool:
        """Whether an address belongs to one of them."""
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in ipaddress.ip_network(network) for network in self.peers)


@asynccontextmanager
async def setting_of(
    engine: Engine | None,
    guard: Guard,
    task: TaskDefinition,
    planned: Sequence[Planned],
    wishes: SettingWishes,
    note: Say,
) -> AsyncIterator[Setting]:
    """As wished where possible; what is done instead is told. A network made for it ends with the block.

    Raises UserError for wishes that exclude each other or that this machine cannot fulfil.
    """
    mode = "host" if network_mode(task) == "host" else "awsvpc"
    own = machines(wishes.identity)
    drivers = await engine.log_drivers() if engine else []
    reason = None if engine is None else machine_instead(task, planned)
    if engine is None or wishes.network == "host" or (reason and wishes.network == "auto"):
        _refuse(wishes, engine)
        if reason and mode != "host" and wishes.network == "auto":
            note("", f"the task uses this machine's network: {reason}")
        yield Setting(own, mode, log_drivers=drivers)
        return
    in_docker = await _in_docker(engine, planned, wishes)
    outside = [p.name for p in planned if p.role is not Role.APPLICATION and p.name not in in_docker]
    revision = task.get("revision") or 1
    holder = wishes.identity.container_name(str(task.get("family")), revision, "internalecspause")
    async with AsyncExitStack() as stack:
        try:
            network = await stack.enter_async_context(
                shared(engine, guard, task, wishes.identity, holder, note, wishes.pull_seconds)
            )
            if outside and not network.entry:
                raise LocalError(_NO_ENTRY)
        except LocalError as error:
            await stack.aclose()
            if wishes.network == "task" or wishes.sidecars == "docker":
                raise UserError(f"the task cannot have a network of its own: {error}", fix="--network host") from error
            note("", f"the task uses this machine's network: {error}")
            yield Setting(own, mode, log_drivers=drivers)
            return
        mode = "none" if network_mode(task) == "none" else "awsvpc"
        yield Setting(network, mode, frozenset(in_docker), drivers)


def _refuse(wishes: SettingWishes, engine: Engine | None) -> None:
    if wishes.network == "task":
        raise UserError("--network task needs Docker", fix="start Docker, or leave it out")
    if wishes.sidecars == "docker":
        why = "Docker" if engine is None else "a network of the task's own"
        raise UserError(f"--sidecars docker needs {why}", fix="leave it out, or what speaks against it")


async def _in_docker(engine: Engine, planned: Sequence[Planned], wishes: SettingWishes) -> set[str]:
    """The sidecars whose image is here or named; one that mounts files of a process is none of them."""
    sidecars = [p for p in planned if p.role is not Role.APPLICATION]
    if wishes.sidecars != "auto":
        return {p.name for p in sidecars} if wishes.sidecars == "docker" else set()
    found = {p.name for p in sidecars if p.name in wishes.images or (p.image and await engine.has_image(p.image))}
    for sidecar in sidecars:
        sources = {str(source.get("sourceContainer")) for source in sidecar.definition.get("volumesFrom") or ()}
        if any(p.name in sources and p.name not in found for p in sidecars):
            found.discard(sidecar.name)
    return found
