"""How long ECS waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

LEAST: Final = 2
MOST: Final = 120


class TimeoutOutOfRange(Rule):
    """A startTimeout or stopTimeout that Fargate does not take."""

    id = "timeout-out-of-range"
    level: ClassVar[Level] = "error"
    why = "Fargate takes 2 to 120 seconds."
    fix = "write 2 to 120"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task if task.fargate else ():
            for key in ("startTimeout", "stopTimeout"):
                seconds = container.number(key)
                if seconds is not None and not LEAST <= seconds <= MOST:
                    yield Hit(container.at(key), f"{container.called} has a {key} of {seconds} seconds")
