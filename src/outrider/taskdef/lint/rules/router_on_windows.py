"""Log routers on Windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class RouterOnWindows(Rule):
    """A log router in a task for Windows."""

    id = "router-on-windows"
    level: ClassVar[Level] = "error"
    why = "FireLens is for Linux; ECS does not place the task."
    fix = "send the logs with the log driver awslogs, or with a Fluent Bit of your own"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        family = task.part("runtimePlatform").text("operatingSystemFamily") or ""
        if family.upper().startswith("WINDOWS"):
            for container in task.routers[:1]:
                yield Hit(
                    container.firelens.path, f"{container.called} is a log router, and the task is for {family[:40]}"
                )
