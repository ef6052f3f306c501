"""Memory of all containers against the task's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class MemoryOvercommitted(Rule):
    """Limits whose sum the task cannot hold."""

    id = "memory-overcommitted"
    level: ClassVar[Level] = "warning"
    why = (
        "Containers that use what they may have run out of the task's memory together, and the kernel kills "
        "one of them."
    )
    fix = "raise the task's memory, or give the containers memoryReservation"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if any(container.is_open("memory") or container.is_open("memoryReservation") for container in task):
            return
        size = task.units("memory") or 0
        reserved = sum([container.number("memoryReservation") or 0 for container in task])
        sizes = [container.number("memoryReservation") or container.number("memory") or 0 for container in task]
        if reserved <= size < sum(sizes) and max(sizes) <= size:
            told = f"the containers may have {sum(sizes)} MiB together, and the task has {size}"
            yield Hit(task.at("memory"), told)
