"""From a container definition to the body of Docker's create call. Pure.

Source: the ECS agent's mapping (amazon-ecs-agent ``agent/api/task/task.go``, dockerConfig and dockerHostConfig).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from outrider.taskdef.run.health import Check
from outrider.taskdef.run.plan import Planned, Role

_MEGABYTE = 1024 * 1024
_SECOND = 1_000_000_000
_CPU_UNITS = 1024


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container gets from the task around it.

    ``network`` is Docker's network mode: ``host``, or ``container:NAME`` for the one that holds the task's network.
    ``log`` is Docker's LogConfig; ``binds`` mounts; ``volumes_from`` Docker names with an optional ``:ro``. ``memory``
    (MiB) and ``cpu`` (units) are the task's own, 0 without limit. ``entry_point`` and ``command`` stand for the
    definition's where they are given.
    """

    network: str
    log: Mapping[str, Any]
    binds: Sequence[str] = ()
    volumes_from: Sequence[str] = ()
    memory: int = 0
    cpu: int = 0
    pid_mode: str = ""
    ipc_mode: str = ""
    entry_point: Sequence[str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def options(planned: Planned, image: str, environment: Mapping[str, str], around: Surroundings) -> dict[str, Any]:
    """The body. An absent entryPoint or command is the image's."""
    definition = planned.definition
    body: dict[str, Any] = {
        "Image": image,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Labels": dict(definition.get("dockerLabels") or {}) | dict(around.labels) | {"outrider.task": "local"},
        "HostConfig": _host(definition, around),
    }
    for key, name in (("entryPoint", "Entrypoint"), ("command", "Cmd")):
        if definition.get(key):
            body[name] = planned.words(key)
    if around.entry_point is not None:
        body["Entrypoint"] = list(around.entry_point)
    for key, name in (("user", "User"), ("workingDirectory", "WorkingDir"), ("interactive", "OpenStdin")):
        if definition.get(key):
            body[name] = definition[key]
    if planned.role is Role.ROUTER:
        body.setdefault("User", "0")  # so ECS stores it, whatever the image says
    if definition.get("hostname") and around.network == "host":
        body["Hostname"] = definition["hostname"]
    check = Check.of(definition)
    if check:
        body["Healthcheck"] = {
            "Test": ["CMD", *check.words],
            "Interval": int(check.interval * _SECOND),
            "Timeout": int(check.timeout * _SECOND),
            "Retries": check.retries,
            "StartPeriod": int(check.start_period * _SECOND),
        }
    elif definition.get("healthCheck"):
        body["Healthcheck"] = {"Test": ["NONE"]}
    return body


def _host(definition: Mapping[str, Any], around: Surroundings) -> dict[str, Any]:
    memory = definition.get("memory") or around.memory
    host: dict[str, Any] = {
        "NetworkMode": around.network,
        "LogConfig": dict(around.log),
        "Binds": list(around.binds),
        "VolumesFrom": list(around.volumes_from),
        "Memory": memory * _MEGABYTE,
        "MemoryReservation": (definition.get("memoryReservation") or 0) * _MEGABYTE,
        # Not ECS's 2 where there is no ``cpu``: it counts among a task's containers, here among all of the machine's.
        "CpuShares": definition.get("cpu") or 0,
        "NanoCpus": around.cpu * 1_000_000_000 // _CPU_UNITS,
        "ReadonlyRootfs": bool(definition.get("readonlyRootFilesystem")),
        "Privileged": bool(definition.get("privileged")),
        "PidMode": around.pid_mode,
        "IpcMode": around.ipc_mode,
        "SecurityOpt": list(definition.get("dockerSecurityOptions") or ()),
        "Sysctls": {name: value for name, value in sysctls(definition) if not name.startswith("net.")},
        "Ulimits": [
            {"Name": limit.get("name"), "Soft": limit.get("softLimit"), "Hard": limit.get("hardLimit")}
            for limit in definition.get("ulimits") or ()
        ],
        **_linux(definition.get("linuxParameters") or {}, memory),
    }
    if around.network == "host":
        host |= {"Dns": list(definition.get("dnsServers") or ()), **named_hosts(definition)}
    return host


def _linux(parameters: Mapping[str, Any], memory: int) -> dict[str, Any]:
    capabilities = parameters.get("capabilities") or {}
    found: dict[str, Any] = {
        "CapAdd": list(capabilities.get("add") or ()),
        "CapDrop": list(capabilities.get("drop") or ()),
        "Devices": [
            {
                "PathOnHost": device.get("hostPath"),
                "PathInContainer": device.get("containerPath") or device.get("hostPath"),
                "CgroupPermissions": "".join(str(word)[:1] for word in device.get("permissions") or "rwm"),
            }
            for device in parameters.get("devices") or ()
        ],
        "Tmpfs": {
            str(mount.get("containerPath")): ",".join(
                [f"size={mount.get('size')}m", *(mount.get("mountOptions") or ())]
            )
            for mount in parameters.get("tmpfs") or ()
        },
    }
    if parameters.get("initProcessEnabled"):
        found["Init"] = True
    if parameters.get("sharedMemorySize"):
        found["ShmSize"] = parameters["sharedMemorySize"] * _MEGABYTE
    if parameters.get("maxSwap") is not None and memory:
        found["MemorySwap"] = (memory + parameters["maxSwap"]) * _MEGABYTE
    if parameters.get("swappiness") is not None and parameters.get("maxSwap"):
        found["MemorySwappiness"] = parameters["swappiness"]
    return found


def sysctls(definition: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each of ``systemControls``."""
    controls = definition.get("systemControls") or ()
    return [(str(control.get("namespace")), str(control.get("value"))) for control in controls]


def named_hosts(definition: Mapping[str, Any]) -> dict[str, list[str]]:
    """``ExtraHosts`` and ``DnsSearch`` of a container, for whoever holds its network."""
    hosts = definition.get("extraHosts") or ()
    return {
        "ExtraHosts": [f"{host.get('hostname')}:{host.get('ipAddress')}" for host in hosts],
        "DnsSearch": list(definition.get("dnsSearchDomains") or ()),
    }
