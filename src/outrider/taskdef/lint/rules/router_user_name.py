"""The log router's user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class RouterUserName(Rule):
    """A user by name."""

    id = "router-user-name"
    level: ClassVar[Level] = "error"
    why = (
        "ECS gives the socket to the user of the log router, and knows users of an image by number only; the "
        "task does not start."
    )
    fix = "write the number of the user, such as 1000:1000"
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/ecs-agent/utils/firelens/firelens.go"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            name = (container.text("user") or "").partition(":")[0]
            if name and not name.isdecimal() and "${" not in name:
                yield Hit(container.at("user"), f"the user of {container.called} is the name '{name[:60]}'")
