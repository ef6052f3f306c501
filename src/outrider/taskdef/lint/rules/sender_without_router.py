"""A log driver without its router."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class SenderWithoutRouter(Rule):
    """Containers with the log driver ``awsfirelens`` in a task that has no log router."""

    id = "sender-without-router"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses the log driver awsfirelens in a task that has no firelensConfiguration."
    fix = "add a log router: outrider task protect does it"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if task.router is None and task.whole:
            for container in task.senders:
                path = (*container.log.path, "logDriver")
                yield Hit(path, f"{container.called} logs to awsfirelens, and no container has a firelensConfiguration")
