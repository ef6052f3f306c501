"""What CloudFormation makes of a template before ECS gets it: ``Port: 443`` where ECS takes a string, a family. Pure.

Source: the CloudFormation user guide, on parameters and values of resources: strings, numbers and booleans are taken
for one another where the text says the same.
"""

from __future__ import annotations

import re
from typing import Any, Final

from outrider.taskdef.shape import UNKNOWN

INTEGERS: Final = frozenset(
    (
        *("revision", "containerPort", "hostPort", "startTimeout", "stopTimeout", "memoryReservation", "interval"),
        *("timeout", "retries", "startPeriod", "softLimit", "hardLimit", "sizeInGiB", "sharedMemorySize", "maxSwap"),
        *("swappiness", "size", "transitEncryptionPort", "restartAttemptPeriod", "ignoredExitCodes"),
    )
)
OF_CONTAINERS: Final = frozenset({"cpu", "memory"})
"""Numbers in a container, strings in the task definition."""
BOOLEANS: Final = frozenset(
    (
        *("essential", "readOnly", "privileged", "readonlyRootFilesystem", "interactive", "pseudoTerminal", "enabled"),
        *("disableNetworking", "initProcessEnabled", "autoprovision", "enableFaultInjection", "configuredAtLaunch"),
    )
)
_VERBATIM: Final = frozenset({"options", "dockerLabels", "driverOpts", "labels"})
"""Members whose own members are the user's words, all strings."""
_INTEGER: Final = re.compile(r"-?\d{1,18}")
_TRUTH: Final = {"true": True, "false": False}


def converted(task: Any) -> Any:
    """The task definition with each plain value in the type that ECS takes; what cannot be converted stays.

    A family that is not there is made of the stack's name.
    """
    if not isinstance(task, dict):
        return task
    containers = task.get("containerDefinitions")
    rest = {"family": UNKNOWN, **{name: _member(name, value) for name, value in task.items()}}
    if isinstance(containers, list):
        rest["containerDefinitions"] = [_container(container) for container in containers]
    return rest


def _container(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    numbers = {name: _integer(value[name]) for name in value.keys() & OF_CONTAINERS}
    return {name: numbers.get(name, _member(name, member)) for name, member in value.items()}


def _member(name: str, value: Any, *, verbatim: bool = False) -> Any:
    if isinstance(value, dict):
        words = name in _VERBATIM
        return {key: _member(key, member, verbatim=words) for key, member in value.items()}
    if isinstance(value, list):
        return [_member(name, item, verbatim=verbatim) for item in value]
    return plain("" if verbatim else name, value)


def plain(name: str, value: Any) -> Any:
    """A plain value in the type of the member of this name; a string for a name that is the user's word."""
    if name in INTEGERS:
        return _integer(value)
    if name in BOOLEANS:
        return _TRUTH.get(value, value) if isinstance(value, str) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value
