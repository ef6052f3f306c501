"""One log router."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class TwoRouters(Rule):
    """A second firelensConfiguration."""

    id = "two-routers"
    level: ClassVar[Level] = "error"
    why = "ECS takes one log router a task; its agent would use the first and never the second."
    fix = "remove firelensConfiguration from one of them; its outputs can go to a configuration that the other includes"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        routers = task.routers
        for container in routers[1:]:
            told = f"{container.called} is a log router, and {routers[0].called} is one already"
            yield Hit(container.firelens.path, told)
