"""Conditions of dependsOn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.shape import CONDITIONS
from outrider.taskdef.view import Task


class DependencyCondition(Rule):
    """A condition that ECS does not know."""

    id = "dependency-condition"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a condition that it does not know."
    fix = "write START, COMPLETE, SUCCESS or HEALTHY"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            for item in container.parts("dependsOn"):
                condition = item.text("condition")
                if condition is not None and condition not in CONDITIONS:
                    yield Hit(item.at("condition"), f"'{condition}' is no condition of a dependency")
