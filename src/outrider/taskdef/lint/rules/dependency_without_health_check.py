"""Waiting for the health of a container that has no check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class DependencyWithoutHealthCheck(Rule):
    """HEALTHY of a container without healthCheck."""

    id = "dependency-without-health-check"
    level: ClassVar[Level] = "error"
    why = (
        "ECS knows the health of a container only from its healthCheck in the task definition; that of the "
        "image does not count, so the container that waits would never start."
    )
    fix = "add a healthCheck to the container that is waited for, or wait for START"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        checked = {container.name: container.has("healthCheck") for container in task}
        for container in task:
            for item in container.parts("dependsOn"):
                name = item.text("containerName")
                if item.text("condition") == "HEALTHY" and checked.get(name or "") is False:
                    told = f"{container.called} waits until '{name}' is healthy, which has no healthCheck"
                    yield Hit(item.at("condition"), told)
