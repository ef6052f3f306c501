"""What mountPoints name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.view import Task


class MountWithoutVolume(Rule):
    """A mount of a volume that the task does not have."""

    id = "mount-without-volume"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a mount of a volume that volumes does not name."
    fix = "add the volume to volumes, or name one that is there"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MountPoint.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        volumes = task.value.get("volumes") or []
        names = {volume.text("name") for volume in task.parts("volumes")}
        if not isinstance(volumes, list) or UNKNOWN in volumes or None in names:
            return
        for container in task:
            for mount in container.parts("mountPoints"):
                name = mount.text("sourceVolume")
                if name is not None and name not in names:
                    told = f"{container.called} mounts the volume '{name}', and there is no such volume"
                    yield Hit(mount.at("sourceVolume"), told)
