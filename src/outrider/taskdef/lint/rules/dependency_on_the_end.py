"""Waiting for the end of a container that must not end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class DependencyOnTheEnd(Rule):
    """COMPLETE or SUCCESS of an essential container."""

    id = "dependency-on-the-end"
    level: ClassVar[Level] = "error"
    why = (
        "RegisterTaskDefinition answers that a dependency container with SUCCESS or COMPLETE condition cannot"
        " be an essential container; the task ends with it."
    )
    fix = 'write "essential": false in the container that ends, or wait for START or HEALTHY'
    url = "https://github.com/boto/boto3/issues/2436"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        essential = {container.name for container in task if container.essential}
        for container in task:
            for item in container.parts("dependsOn"):
                name, condition = item.text("containerName"), item.text("condition")
                if condition in ("COMPLETE", "SUCCESS") and name in essential:
                    yield Hit(
                        item.at("condition"), f"{container.called} waits for the end of '{name}', which is essential"
                    )
