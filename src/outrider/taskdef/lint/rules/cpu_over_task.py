"""CPU of containers against the task's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class CpuOverTask(Rule):
    """Shares that the task does not have."""

    id = "cpu-over-task"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses containers whose cpu is more than the task's together."
    fix = "raise the task's cpu, or lower that of the containers"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        size = task.units("cpu")
        used = sum([container.number("cpu") or 0 for container in task])
        if size and used > size:
            yield Hit(task.at("cpu"), f"the containers have {used} CPU units, and the task has {size}")
