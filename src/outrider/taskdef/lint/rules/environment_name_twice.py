"""Names of variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class EnvironmentNameTwice(Rule):
    """An environment variable that stands there twice."""

    id = "environment-name-twice"
    level: ClassVar[Level] = "warning"
    why = "One of the two values is lost, and which one is nowhere promised."
    fix = "remove one of them"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            seen: set[str] = set()
            for item in container.parts("environment"):
                name = item.text("name")
                if name and name in seen:
                    yield Hit(item.at("name"), f"'{container.name}' has the variable '{name[:60]}' twice")
                seen.add(name or "")
