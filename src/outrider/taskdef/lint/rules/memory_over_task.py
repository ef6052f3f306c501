"""Memory of containers against the task's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class MemoryOverTask(Rule):
    """Limits that the task cannot hold."""

    id = "memory-over-task"
    level: ClassVar[Level] = "error"
    why = (
        "RegisterTaskDefinition refuses a container whose memory is greater than the task's, and reservations"
        " whose sum is."
    )
    fix = "raise the task's memory, or lower that of the containers"
    url = "https://github.com/pulumi/pulumi-awsx/issues/1220"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        size = task.units("memory")
        if not size:
            return
        for container in task:
            hard = container.number("memory")
            if hard is not None and hard > size:
                told = f"{container.called} has {hard} MiB, and the whole task has {size}"
                yield Hit(container.at("memory"), told)
        reserved = sum([container.number("memoryReservation") or 0 for container in task])
        if reserved > size:
            yield Hit(task.at("memory"), f"the containers reserve {reserved} MiB, and the task has {size}")
