"""A log router without work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class RouterWithoutSender(Rule):
    """A log router in a task whose containers do not log to it."""

    id = "router-without-sender"
    level: ClassVar[Level] = "error"
    why = (
        "RegisterTaskDefinition answers that at least one container has to be configured with the awsfirelens"
        " log driver."
    )
    fix = 'give a container the log driver "awsfirelens"'
    url = "https://github.com/aws/amazon-cloudwatch-logs-for-fluent-bit/issues/20"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        drivers_known = all(container.driver or not container.has("logConfiguration") for container in task)
        for container in task.routers[:1] if task.whole and drivers_known and not task.senders else ():
            yield Hit(container.firelens.path, f"no container logs to {container.called}")
