"""What dependsOn names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class DependencyUnknown(Rule):
    """A dependency on a container that is not in the task."""

    id = "dependency-unknown"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a dependency on a container that the task does not have."
    fix = "name a container of this task, or remove the dependency"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        names = {container.name for container in task}
        for container in task if task.whole else ():
            for item in container.parts("dependsOn"):
                name = item.text("containerName")
                if name is not None and name not in names:
                    told = f"{container.called} depends on '{name}', and there is no such container"
                    yield Hit(item.at("containerName"), told)
