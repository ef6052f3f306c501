"""The two limits of memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class MemoryHardBelowSoft(Rule):
    """A hard limit below the soft one."""

    id = "memory-hard-below-soft"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition takes a memoryReservation up to memory, the limit at which the container is killed."
    fix = "raise memory, or lower memoryReservation"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            hard, soft = container.number("memory"), container.number("memoryReservation")
            if hard and soft and soft > hard:
                told = f"{container.called} reserves {soft} MiB, more than its limit of {hard}"
                yield Hit(container.at("memoryReservation"), told)
