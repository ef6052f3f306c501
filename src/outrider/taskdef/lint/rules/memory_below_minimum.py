"""The smallest memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

LEAST: Final = 6
"""In MiB, since Docker 20.10."""


class MemoryBelowMinimum(Rule):
    """Less memory than Docker gives a container."""

    id = "memory-below-minimum"
    level: ClassVar[Level] = "error"
    why = "Docker starts no container with less than 6 MiB."
    fix = "write 6 or more"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            for key in ("memory", "memoryReservation"):
                size = container.number(key)
                if size is not None and size < LEAST and size != 0:
                    yield Hit(container.at(key), f"{container.called} has {size} MiB, and the least is {LEAST}")
