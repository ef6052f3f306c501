"""What awslogs needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Part, Task

NEEDED: Final = ("awslogs-group", "awslogs-region")
ON_FARGATE: Final = ("awslogs-stream-prefix",)


class AwslogsOptionsMissing(Rule):
    """Options without which the log driver does not start."""

    id = "awslogs-options-missing"
    level: ClassVar[Level] = "error"
    why = (
        "RegisterTaskDefinition refuses awslogs without a group and a region, and on Fargate without a prefix"
        " for the streams."
    )
    fix = "add the option"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            if container.driver == "awslogs" and _is_written(container.log):
                needed = (*NEEDED, *(ON_FARGATE if task.fargate else ()))
                missing = [key for key in needed if not container.options.has(key)]
                if missing:
                    told = f"{container.called} logs to awslogs without {' and '.join(missing)}"
                    yield Hit(container.log.at("logDriver"), told)


def _is_written(log: Part) -> bool:
    """Whether the options stand in the file, none of them left open by a template."""
    found = log.value.get("options")
    return found is None or isinstance(found, dict)
