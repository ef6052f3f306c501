"""The number of containers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

MOST: Final = 10


class TooManyContainers(Rule):
    """More containers than ECS takes."""

    id = "too-many-containers"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition takes up to 10 containers."
    fix = "move containers to a task of their own"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if len(task.containers) > MOST:
            told = f"the task has {len(task.containers)} containers, and ECS takes {MOST}"
            yield Hit(task.containers[MOST].path, told)
