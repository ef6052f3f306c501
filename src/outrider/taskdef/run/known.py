"""A task definition whose values are all known, as far as a run on this machine needs them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from outrider.model.errors import Place, UserError
from outrider.taskdef.firelens.options import DRIVER
from outrider.taskdef.protect.refusals import Refusals
from outrider.taskdef.shape import UNKNOWN, Path, TaskDefinition, open_paths
from outrider.taskdef.source import TaskSource

_HERE: Final = frozenset({"containerDefinitions", "volumes", "pidMode", "ipcMode"})
"""Members of the task definition that count here, too; the others are for AWS alone."""
_SIZES: Final = frozenset({"cpu", "memory", "memoryReservation"})
_LEFT_OUT: Final = _SIZES | {
    *("essential", "stopTimeout", "startTimeout", "dockerLabels", "resourceRequirements"),
    *("repositoryCredentials", "credentialSpecs", "restartPolicy", "versionConsistency"),
}
"""Members of a container that are left out where they are open: a run does without, or takes ECS's default."""
_FAMILY: Final = "task"
_SECRET: Final = "what is known at deployment"
"""Where a secret comes from that is open."""


@dataclass(frozen=True, slots=True)
class KnownSource(TaskSource):
    """``known`` is the task definition; what it stands in is ``origin``."""

    origin: TaskSource
    known: TaskDefinition

    @property
    def task(self) -> TaskDefinition:
        """See TaskSource."""
        return self.known

    def place(self, path: Path) -> Place:
        """See TaskSource."""
        return self.origin.place(path)


def known_source(
    source: TaskSource, images: Collection[str], environment: Mapping[str, Mapping[str, str]]
) -> tuple[TaskSource, list[str]]:
    """The same without open values, and what was left out, one phrase each.

    ``images`` and ``environment`` are the user's: containers with a local image, and container to variable to value.
    Raises UserError with every value that is open and needed.
    """
    task = source.task
    if not any(True for _ in open_paths(task)):
        return source, []
    refusals = Refusals()
    told: list[str] = []
    for path in open_paths(task):
        fix = _needed(task, path, images, environment)
        if fix:
            refusals.add([UserError(f"{_name(path)} is open here, and the run needs it", source.place(path), fix=fix)])
        elif path[-1] in _SIZES or (len(path) > 2 and path[2] in _LEFT_OUT):
            told.append(f"{'.'.join(map(str, path))} is open here, and left out")
    refusals.settle()
    known: TaskDefinition = _without_open(task)
    return KnownSource(source.source, source.base, source, {**known, "family": known.get("family", _FAMILY)}), told


def _needed(task: TaskDefinition, path: Path, images: Collection[str], given: Mapping[str, Mapping[str, str]]) -> str:
    """What to do about an open value that is needed; empty if it is not."""
    write = "write the value, or give what 'aws ecs describe-task-definition' prints once it is deployed"
    if path[0] not in _HERE:
        return ""
    if path[0] != "containerDefinitions" or len(path) < 3:
        return write
    container, place = task["containerDefinitions"][path[1]], path[2:]
    name = container.get("name")
    if place[0] in _LEFT_OUT:
        return ""
    if place == ("image",) and isinstance(name, str):
        return "" if name in images else f"name a local one: --image {name}=LOCAL"
    if place[0] == "environment" and place[-1] == "value" and isinstance(name, str):
        variable = container["environment"][place[1]].get("name")
        return "" if variable in given.get(name, {}) else f"give a value to use here: --env {name}:{variable}=VALUE"
    if place[0] == "secrets" and place[-1] == "valueFrom":
        return ""
    if place[0] == "logConfiguration" and len(place) > 1 and container["logConfiguration"].get("logDriver") != DRIVER:
        return "" if place[1] != "logDriver" else write
    return write


def _name(path: Path) -> str:
    """The member that a path leads to."""
    return next(str(step) for step in reversed(path) if isinstance(step, str))


def _without_open(value: Any) -> Any:
    if isinstance(value, dict):
        pairs = ((key, _SECRET if key == "valueFrom" else UNKNOWN, member) for key, member in value.items())
        found = ((key, instead if member is UNKNOWN else _without_open(member)) for key, instead, member in pairs)
        return {key: member for key, member in found if member is not UNKNOWN}
    return [_without_open(item) for item in value] if isinstance(value, list) else value
