"""Launch types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

KNOWN: Final = ("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES")


class CompatibilityUnknown(Rule):
    """A launch type that ECS does not know."""

    id = "compatibility-unknown"
    level: ClassVar[Level] = "warning"
    why = (
        "ECS checks a task definition against the launch types that it names, and refuses a name that it does not know."
    )
    fix = "write EC2, FARGATE, EXTERNAL or MANAGED_INSTANCES"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if task.is_open("requiresCompatibilities"):
            return
        for place, name in enumerate(task.texts("requiresCompatibilities")):
            if name not in KNOWN:
                yield Hit(task.at("requiresCompatibilities", place), f"'{name}' is no launch type")
