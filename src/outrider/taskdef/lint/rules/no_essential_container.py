"""A task that nothing holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class NoEssentialContainer(Rule):
    """Every container says that it is not essential."""

    id = "no-essential-container"
    level: ClassVar[Level] = "error"
    why = "A task ends with its first essential container, and RegisterTaskDefinition refuses a task that has none."
    fix = 'remove "essential": false from the application'
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if task.whole and all(container.essential is False for container in task):
            yield Hit(task.at("containerDefinitions"), "no container is essential")
