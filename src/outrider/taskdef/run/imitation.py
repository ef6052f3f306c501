"""What of a task definition is not imitated on this machine: told once, never ignored in silence. Pure."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any, Final

from outrider.taskdef.firelens import network_mode
from outrider.taskdef.run.plan import Planned, Role
from outrider.taskdef.shape import READ_ONLY, TaskDefinition

_CONTAINER: Final = frozenset(
    {"name", "image", "essential", "entryPoint", "command", "environment", "environmentFiles", "secrets", "dependsOn"}
    | {"startTimeout", "stopTimeout", "healthCheck", "logConfiguration", "firelensConfiguration", "portMappings"}
    | {"cpu", "memory", "memoryReservation", "links", "mountPoints", "volumesFrom", "linuxParameters", "hostname"}
    | {"user", "workingDirectory", "privileged", "readonlyRootFilesystem", "dnsServers", "dnsSearchDomains"}
    | {"extraHosts", "dockerSecurityOptions", "interactive", "dockerLabels", "ulimits", "systemControls"}
    | {"versionConsistency", "pseudoTerminal"}
)
_TASK: Final = frozenset(
    {"family", "networkMode", "containerDefinitions", "volumes", "cpu", "memory", "pidMode", "ipcMode", *READ_ONLY}
    | {"executionRoleArn", "taskRoleArn", "requiresCompatibilities", "tags", "placementConstraints"}
    | {"runtimePlatform", "enableFaultInjection"}
)
_VOLUMES: Final = ("efsVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration", "s3filesVolumeConfiguration")
_PROCESS: Final = ("mountPoints", "volumesFrom", "user", "workingDirectory", "readonlyRootFilesystem", "privileged")
_PROCESS_TOO: Final = ("linuxParameters", "ulimits", "systemControls", "hostname", "extraHosts", "dnsServers", "links")
_OF_DOCKER: Final = ("dnsSearchDomains", "dockerSecurityOptions", "dockerLabels", "interactive", "pseudoTerminal")
_NAMES: Final = {"x86_64": "X86_64", "aarch64": "ARM64", "amd64": "X86_64", "arm64": "ARM64"}


def not_imitated(task: TaskDefinition, *, shared: bool, keys: bool) -> list[tuple[str, str]]:
    """Container (empty for the task) and a line for each thing.

    ``shared``: the containers share a network of their own. ``keys``: they are given keys for AWS.
    """
    found = [("", f"{name} is not imitated here") for name in sorted(_strange(task, _TASK))]
    mode = network_mode(task)
    if mode == "bridge":
        found.append(("", "networkMode bridge is imitated as awsvpc: its containers have one network, and 127.0.0.1"))
    elif mode == "none" and shared:
        found.append(("", "networkMode none: its containers share a network that leads nowhere"))
    elif mode not in ("awsvpc", "host", "none"):
        found.append(("", f"networkMode {mode} is imitated as awsvpc"))
    if task.get("taskRoleArn") and not keys:
        found.append(("", "taskRoleArn: nobody gives the containers its keys here; --env can give them yours"))
    found += [("", line) for line in _platform(task.get("runtimePlatform") or {})]
    for volume in task.get("volumes") or ():
        kind = next((kind for kind in (*_VOLUMES, "configuredAtLaunch") if volume.get(kind)), None)
        if kind:
            found.append(("", f"the volume '{volume.get('name')}' ({kind}) is an empty volume of Docker's here"))
    for container in task["containerDefinitions"]:
        log = container.get("logConfiguration") or {}
        if log.get("logDriver") == "awslogs" and not keys:
            where = "shown here and kept in logs/; --local-aws stands in for CloudWatch"
            found.append((container["name"], f"awslogs: what it prints is {where}"))
        if container.get("pseudoTerminal"):
            found.append((container["name"], "pseudoTerminal is not imitated here: it has no terminal"))
        found += [(container["name"], f"{name} is not imitated here") for name in _strange(container, _CONTAINER)]
    return found


def _strange(holder: Mapping[str, Any], known: frozenset[str]) -> list[str]:
    return sorted(name for name, value in holder.items() if name not in known and value not in (None, [], {}, False))


def _platform(wanted: Mapping[str, Any]) -> list[str]:
    system = str(wanted.get("operatingSystemFamily") or "LINUX")
    machine = _NAMES.get(platform.machine(), platform.machine())
    found = [] if system == "LINUX" else [f"runtimePlatform: {system} is imitated by Linux"]
    if wanted.get("cpuArchitecture") not in (None, machine):
        found.append(f"runtimePlatform: {wanted['cpuArchitecture']} is imitated by {machine}, this machine's")
    return found


def not_for_a_process(planned: Planned) -> list[str]:
    """Members of a container that mean nothing where it runs as a process.

    A sidecar's process brings what its image would have: files of other containers are not missing.
    """
    names = [*_PROCESS, *_PROCESS_TOO, *_OF_DOCKER]
    if planned.role is not Role.APPLICATION:
        names.remove("volumesFrom")
    return [name for name in names if planned.definition.get(name)]
