"""Where an extra configuration comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class ConfigFileTypeUnknown(Rule):
    """A ``config-file-type`` that ECS does not know."""

    id = "config-file-type-unknown"
    level: ClassVar[Level] = "error"
    why = "ECS knows file and s3, and the task does not start with another type."
    fix = 'write "file" for a path in the image, or "s3" for an object'
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_FirelensConfiguration.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            options = container.firelens.part("options")
            kind = options.text("config-file-type")
            if kind is not None and kind not in ("file", "s3"):
                yield Hit(options.at("config-file-type"), f"config-file-type is '{kind[:60]}'")
