"""A log router that reads its own log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class RouterLogsToItself(Rule):
    """A log router with the log driver ``awsfirelens``."""

    id = "router-logs-to-itself"
    level: ClassVar[Level] = "warning"
    why = (
        "What the router says of its work comes back to it as work, and when it fails, its own errors are lost with it."
    )
    fix = "give it the log driver awslogs"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            if container.sends:
                told = f"the log router {container.called} logs to itself"
                yield Hit(container.log.at("logDriver"), told)
