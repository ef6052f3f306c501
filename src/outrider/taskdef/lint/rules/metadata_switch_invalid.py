"""The switch of FireLens's metadata."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.firelens.options import BOOLEANS, METADATA
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class MetadataSwitchInvalid(Rule):
    """A switch that is neither true nor false."""

    id = "metadata-switch-invalid"
    level: ClassVar[Level] = "warning"
    why = (
        "The ECS agent says that it ignores such a value, and takes it for false: records lose cluster, task"
        " and task definition."
    )
    fix = 'write "true" or "false"'
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/taskresource/firelens/firelensconfig_unix.go"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            options = container.firelens.part("options")
            text = options.text(METADATA)
            if text is not None and text not in BOOLEANS:
                yield Hit(options.at(METADATA), f"{METADATA} is '{text[:60]}'")
