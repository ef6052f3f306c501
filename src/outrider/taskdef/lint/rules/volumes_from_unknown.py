"""What volumesFrom names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class VolumesFromUnknown(Rule):
    """Volumes of a container that is not in the task."""

    id = "volumes-from-unknown"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses volumesFrom a container that the task does not have."
    fix = "name another container of this task, or remove the entry"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_VolumeFrom.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        names = {container.name for container in task}
        for container in task if task.whole else ():
            for item in container.parts("volumesFrom"):
                name = item.text("sourceContainer")
                if name == container.name:
                    yield Hit(item.at("sourceContainer"), f"'{name}' takes volumes from itself")
                elif name is not None and name not in names:
                    told = f"{container.called} takes volumes from '{name}', and there is no such container"
                    yield Hit(item.at("sourceContainer"), told)
