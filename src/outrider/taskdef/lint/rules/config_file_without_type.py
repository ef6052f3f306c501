"""An extra configuration without its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


class ConfigFileWithoutType(Rule):
    """A ``config-file-value`` without ``config-file-type``."""

    id = "config-file-without-type"
    level: ClassVar[Level] = "warning"
    why = "ECS ignores the file without a word."
    fix = 'add "config-file-type": "file", or "s3"'
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/taskresource/firelens/firelensconfig_unix.go"
    mends = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            options = container.firelens.part("options")
            if options.has("config-file-value") and not options.has("config-file-type"):
                yield Hit(
                    options.at("config-file-value"),
                    f"{container.called} has a config-file-value, and no config-file-type",
                )

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """See Rule."""
        value = Task(source.task).holding(hit.path).firelens.part("options").text("config-file-value") or ""
        return source.set(hit.path[:-1], "config-file-type", "s3" if value.startswith("arn:") else "file")
