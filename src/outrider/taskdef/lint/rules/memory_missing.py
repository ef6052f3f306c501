"""Memory on EC2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

ON_INSTANCES: Final = ("EC2", "EXTERNAL")


class MemoryMissing(Rule):
    """A container for which nothing says how much memory it gets."""

    id = "memory-missing"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition wants to know how much memory each container gets, where the task itself has none."
    fix = "add memoryReservation to the container, or memory to the task"
    url = "https://github.com/cuttlesoft/ecs-deploy.py/issues/17"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if task.has("memory") or not _on_instances(task):
            return
        for container in task:
            if not container.has("memory") and not container.has("memoryReservation"):
                told = f"{container.called} has neither memory nor memoryReservation, and the task has no memory"
                yield Hit(container.at("name"), told)


def _on_instances(task: Task) -> bool:
    """Whether the task is for hosts of one's own alone, as it is where nothing is said; not where that is open."""
    types = task.value.get("requiresCompatibilities") or []
    return isinstance(types, list) and all(isinstance(name, str) and name.upper() in ON_INSTANCES for name in types)
