"""What a member of a task definition stands for: tables of defaults and of lists whose order does not count.

Source: the API reference of RegisterTaskDefinition, and what DescribeTaskDefinition gives back of a definition.
"""

from __future__ import annotations

import re
from typing import Any, Final

from outrider.taskdef.shape import READ_ONLY, UNKNOWN, TaskDefinition

DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "": {"networkMode": "bridge", "enableFaultInjection": False},
    "containerDefinitions": {
        "cpu": 0,
        "essential": True,
        "disableNetworking": False,
        "interactive": False,
        "privileged": False,
        "pseudoTerminal": False,
        "readonlyRootFilesystem": False,
        "versionConsistency": "enabled",
    },
    "portMappings": {"protocol": "tcp"},
    "mountPoints": {"readOnly": False},
    "volumesFrom": {"readOnly": False},
    "restartPolicy": {"enabled": False, "restartAttemptPeriod": 300},
    "linuxParameters": {"initProcessEnabled": False},
    "devices": {"permissions": ["mknod", "read", "write"]},
    "healthCheck": {"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0},
    "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
    "ephemeralStorage": {"sizeInGiB": 20},
    "volumes": {"configuredAtLaunch": False},
    "dockerVolumeConfiguration": {"scope": "task", "autoprovision": False, "driver": "local"},
    "efsVolumeConfiguration": {"rootDirectory": "/", "transitEncryption": "DISABLED"},
    "authorizationConfig": {"iam": "DISABLED"},
}
"""What an absent member means, by the member that holds it; the task definition itself is ``""``."""

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "containerDefinitions": ("name",),
    "dependsOn": ("containerName",),
    "devices": ("hostPath", "containerPath"),
    "environment": ("name",),
    "extraHosts": ("hostname",),
    "inferenceAccelerators": ("deviceName",),
    "mountPoints": ("containerPath",),
    "placementConstraints": ("type", "expression"),
    "portMappings": ("containerPort", "containerPortRange", "protocol"),
    "properties": ("name",),
    "resourceRequirements": ("type",),
    "secretOptions": ("name",),
    "secrets": ("name",),
    "systemControls": ("namespace",),
    "tags": ("key",),
    "tmpfs": ("containerPath",),
    "ulimits": ("name",),
    "volumes": ("name",),
    "volumesFrom": ("sourceContainer",),
}
"""Lists of objects whose order does not count, and what names an item."""

SETS: Final = frozenset(
    {"add", "credentialSpecs", "dockerSecurityOptions", "drop", "ignoredExitCodes", "links", "permissions"}
    | {"requiresCompatibilities"}
)
"""Lists of plain values whose order does not count."""

ROLES: Final = frozenset({"taskRoleArn", "executionRoleArn"})
"""Given as a role's name or as its ARN."""

_CPUS = re.compile(r"([0-9]*\.?[0-9]+)\s*vcpus?", re.IGNORECASE)
_GIGABYTES = re.compile(r"([0-9]*\.?[0-9]+)\s*gb", re.IGNORECASE)
_OWN_ADDRESS = ("awsvpc", "host")


def normal(task: TaskDefinition) -> TaskDefinition:
    """A copy without what ECS writes by itself, with sizes and ports in the form that ECS keeps."""
    kept = {key: value for key, value in task.items() if key not in READ_ONLY}
    for key, unit in (("cpu", _CPUS), ("memory", _GIGABYTES)):
        if isinstance(kept.get(key), int | str):
            kept[key] = _units(str(kept[key]), unit)
    mode = kept.get("networkMode") or DEFAULTS[""]["networkMode"]
    containers = kept.get("containerDefinitions")
    if isinstance(containers, list):
        kept["containerDefinitions"] = [_container(container, mode) for container in containers]
    if isinstance(kept.get("tags"), list):
        kept["tags"] = [tag for tag in kept["tags"] if not is_of_aws(tag)]
    return kept


def is_of_aws(tag: Any) -> bool:
    """Whether AWS sets this tag; nobody else can."""
    return isinstance(tag, dict) and str(tag.get("key", "")).lower().startswith("aws:")


def plain(value: Any) -> Any:
    """The value; None for what says nothing: null, an empty list, an empty object."""
    return None if value == [] or value == {} else value


def named(member: str, items: list[Any]) -> dict[str, Any] | None:
    """The items of a list whose order does not count, each under its name; None if it is no such list.

    The second item of a name gets ``#2``, and so on.
    """
    keys = KEYS.get(member)
    if keys is None or not all(isinstance(item, dict) for item in items):
        return None
    found: dict[str, Any] = {}
    defaults = DEFAULTS.get(member, {})
    for item in items:
        words = [item.get(key, defaults.get(key)) for key in keys]
        name = "/".join(str(word) for word in words if word is not None)
        count = 2
        free = name
        while free in found:
            free, count = f"{name}#{count}", count + 1
        found[free] = item
    return found


def is_open(member: str, value: Any) -> bool:
    """Whether a template leaves open what stands here: the value, an item of a list, or what names an item."""
    if not isinstance(value, list):
        return value is UNKNOWN
    keys = KEYS.get(member, ())
    return any(item is UNKNOWN or (isinstance(item, dict) and _has_open(item, keys)) for item in value)


def _has_open(item: dict[str, Any], keys: tuple[str, ...]) -> bool:
    return any(item.get(key) is UNKNOWN for key in keys)


def same_role(one: Any, other: Any) -> bool:
    """Whether two texts name one role, one of them by its ARN."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    arn, name = (one, other) if one.startswith("arn:") else (other, one)
    return not name.startswith("arn:") and arn.partition(":role/")[2] == name != ""


def _units(text: str, unit: re.Pattern[str]) -> str:
    """``1 vCPU`` and ``1 GB`` are 1024."""
    found = unit.fullmatch(text.strip())
    return f"{float(found[1]) * 1024:.12g}" if found else text


def _container(container: Any, mode: str) -> Any:
    mappings = container.get("portMappings") if isinstance(container, dict) else None
    if not isinstance(mappings, list):
        return container
    return {**container, "portMappings": sorted([_mapping(mapping, mode) for mapping in mappings], key=repr)}


def _mapping(mapping: Any, mode: str) -> Any:
    """With its ``hostPort``: a task with an address of its own has no other than the container's."""
    if not isinstance(mapping, dict) or mapping.get("containerPort") is None:
        return mapping
    if mapping.get("hostPort") is not None and not (mode in _OWN_ADDRESS and mapping["hostPort"] == 0):
        return mapping
    return {**mapping, "hostPort": mapping["containerPort"] if mode in _OWN_ADDRESS else 0}
