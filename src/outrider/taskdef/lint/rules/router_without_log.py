"""What the log router itself prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class RouterWithoutLog(Rule):
    """A log router without a log of its own."""

    id = "router-without-log"
    level: ClassVar[Level] = "note"
    why = (
        "What the router prints when it fails is lost where Docker keeps it, and on Fargate at once; the task"
        " ends and nothing says why."
    )
    fix = "give it the log driver awslogs"
    url = "https://github.com/aws/aws-for-fluent-bit/blob/mainline/troubleshooting/debugging.md"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            if not container.has("logConfiguration"):
                yield Hit(container.at("name"), f"the log router {container.called} has no logConfiguration")
