"""The network of a task: one that its containers share in Docker, as on Fargate, or this machine's."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from outrider.model.errors import LocalError
from outrider.taskdef.firelens import network_mode
from outrider.taskdef.run.docker.engine import Engine, EngineError
from outrider.taskdef.run.docker.images import local_image
from outrider.taskdef.run.docker.options import named_hosts, sysctls
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.plan import Planned
from outrider.taskdef.run.process.child import Guard
from outrider.taskdef.shape import TaskDefinition

Wanted: TypeAlias = Literal["auto", "task", "host"]
"""Where containers are to be: ``task`` in a network of the task's own, ``host`` in this machine's."""
LOCALHOST = "127.0.0.1"
MACHINE_NAME = "host.docker.internal"
"""The name of this machine for the task's containers."""
_PORT = re.compile("[0-9]{1,5}")
_LAST_PORT = 65535
_PAUSE = ("tail", "-f", "/dev/null")
_ENTER = 'mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"'
_LOOPBACK_SERVER = ("//127.", "//localhost", "//[::1]")


@dataclass(frozen=True, slots=True)
class TaskNetwork:
    """``inside`` is the address on which containers reach one another, ``outside`` that by which this machine reaches
    the task; ``machine`` is this machine's for the task. All three may be loopback addresses.

    ``holder`` is Docker's name of the container that holds the network, empty for this machine's. ``entry`` are the
    words before a process's that bring it into the network. ``published`` has where each container's ports are.
    """

    inside: str
    outside: str
    machine: str = LOCALHOST
    holder: str = ""
    entry: tuple[str, ...] = ()
    published: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def docker_mode(self) -> str:
        """Docker's network mode of the task's containers."""
        return f"container:{self.holder}" if self.holder else "host"


def machines(identity: Identity) -> TaskNetwork:
    """This machine's network, with a loopback address of the task's own."""
    return TaskNetwork(identity.address, identity.address)


@dataclass(frozen=True, slots=True)
class Port:
    """One that a container listens on: ``host`` is the port of this machine that leads there."""

    container: str
    number: int
    protocol: str
    host: int


def ports_of(containers: Iterable[Mapping[str, Any]]) -> list[Port]:
    """What ``portMappings`` say, ranges as single ports. Pure."""
    found: list[Port] = []
    for container in containers:
        for mapping in container.get("portMappings") or ():
            protocol = str(mapping.get("protocol") or "tcp")
            low, _, high = str(mapping.get("containerPortRange") or mapping.get("containerPort") or "").partition("-")
            if not _PORT.fullmatch(low) or not _PORT.fullmatch(high or low):
                continue
            for number in range(int(low), min(int(high or low), _LAST_PORT) + 1):
                host = mapping.get("hostPort") if not high else None
                found.append(Port(str(container.get("name")), number, protocol, host or number))
    return found


def holder_body(task: TaskDefinition, image: str, bindings: Mapping[str, Any]) -> dict[str, Any]:
    """The body of Docker's create call for the container that holds the network. Pure.

    In Docker, names and addresses belong to a network: what containers say of them is the holder's. ``links`` lead to
    the task's own loopback.
    """
    containers = task["containerDefinitions"]
    hosts = [f"{MACHINE_NAME}:host-gateway"]
    host: dict[str, Any] = {"Dns": [], "DnsSearch": [], "Sysctls": {}}
    for container in containers:
        named = named_hosts(container)
        hosts += named["ExtraHosts"]
        hosts += [f"{str(link).rpartition(':')[2]}:{LOCALHOST}" for link in container.get("links") or ()]
        host["DnsSearch"] += [name for name in named["DnsSearch"] if name not in host["DnsSearch"]]
        host["Dns"] += [server for server in container.get("dnsServers") or () if server not in host["Dns"]]
        host["Sysctls"] |= {name: value for name, value in sysctls(container) if name.startswith("net.")}
    alone = network_mode(task) == "none"
    body: dict[str, Any] = {
        "Image": image,
        "Entrypoint": list(_PAUSE),
        "Cmd": [],
        "StopSignal": "SIGKILL",
        "Labels": {"outrider.task": "local"},
        "ExposedPorts": {} if alone else {port: {} for port in bindings},
        "HostConfig": {
            **host,
            "NetworkMode": "none" if alone else "bridge",
            "ExtraHosts": [] if alone else list(dict.fromkeys(hosts)),
            "PortBindings": {} if alone else dict(bindings),
            "IpcMode": "shareable",
        },
    }
    names = [container["hostname"] for container in containers if container.get("hostname")]
    if names:
        body["Hostname"] = names[0]
    return body


def machine_instead(task: TaskDefinition, planned: Iterable[Planned]) -> str | None:
    """Why a task needs this machine's network although nobody asked for it; None if it does not. Pure."""
    if network_mode(task) == "host":
        return "networkMode is host"
    for container in planned:
        server = container.environment.get("OUTRIDER_SERVER", "")
        if any(part in server for part in _LOOPBACK_SERVER):
            return f"the agent's server is on this machine's loopback; {MACHINE_NAME} would be its name in a network"
    return None


def can_enter() -> bool:
    """Whether a process of ours may be brought into a network of Docker's."""
    programs = all(shutil.which(name) for name in ("nsenter", "unshare", "mount"))
    return sys.platform == "linux" and os.geteuid() == 0 and programs


@asynccontextmanager
async def shared(
    engine: Engine,
    guard: Guard,
    task: TaskDefinition,
    identity: Identity,
    name: str,
    note: Callable[[str, str], None],
    pull_seconds: float,
) -> AsyncIterator[TaskNetwork]:
    """A network that lasts as long as the block; ``name`` is its holder's in Docker. Raises LocalError."""
    image = await local_image(engine, "busybox", lambda text: None, pull_seconds)
    ports = ports_of(task["containerDefinitions"])
    addresses = {port: LOCALHOST if _free(LOCALHOST, port.host, port.protocol) else identity.address for port in ports}
    bindings = {
        f"{port.number}/{port.protocol}": [{"HostIp": addresses[port], "HostPort": str(port.host)}] for port in ports
    }
    for port, address in addresses.items():
        if address != LOCALHOST:
            note(port.container, f"port {port.host} of {LOCALHOST} is taken: it is {address}:{port.host} here")
    guard.hold("docker", name)
    try:
        try:
            await engine.create(name, holder_body(task, image, bindings))
            await engine.start(name)
            found = await engine.inspect(name)
        except EngineError as error:
            raise LocalError(f"Docker cannot make a network for the task: {error}") from error
        settings = found.get("NetworkSettings") or {}
        published: dict[str, list[str]] = {}
        for port, address in addresses.items():
            published.setdefault(port.container, []).append(f"{address}:{port.host}")
        outside, gateway = settings.get("IPAddress") or LOCALHOST, settings.get("Gateway") or LOCALHOST
        if not _free(gateway, 0):
            note("", f"Docker's bridge {gateway} is not on this machine: the task cannot ask for its metadata")
            gateway = LOCALHOST
        entry = await _entry(found) if can_enter() else ()
        yield TaskNetwork(LOCALHOST, outside, gateway, name, entry, published)
    finally:
        await engine.remove(name)
        guard.release("docker", name)


async def _entry(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The words that bring a process into the holder's network, with its name servers; empty if that does not work."""
    paths = [
        (found.get("NetworkSettings") or {}).get("SandboxKey"),
        found.get("ResolvConfPath"),
        found.get("HostsPath"),
    ]
    if not all(path and os.access(path, os.R_OK) for path in paths):
        return ()
    words = ("nsenter", f"--net={paths[0]}", "unshare", "--mount", "/bin/sh", "-c", _ENTER, "sh", *map(str, paths[1:]))
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*words, "true", stdin=quiet, stdout=quiet, stderr=quiet)
    return words if await process.wait() == 0 else ()


def _free(address: str, port: int, protocol: str = "tcp") -> bool:
    with socket.socket(type=socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM) as probe:
        if protocol != "udp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
