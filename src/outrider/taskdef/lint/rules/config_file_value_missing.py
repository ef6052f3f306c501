"""An extra configuration without its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class ConfigFileValueMissing(Rule):
    """A ``config-file-type`` without ``config-file-value``."""

    id = "config-file-value-missing"
    level: ClassVar[Level] = "error"
    why = "ECS does not know which file is meant, and the task does not start."
    fix = "add config-file-value: a path in the router's image, or the ARN of an object in S3"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_FirelensConfiguration.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            options = container.firelens.part("options")
            if options.has("config-file-type") and not (
                options.has("config-file-value") and options.value["config-file-value"]
            ):
                yield Hit(
                    options.at("config-file-type"),
                    f"{container.called} has a config-file-type, and no config-file-value",
                )
