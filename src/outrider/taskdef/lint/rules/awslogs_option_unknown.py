"""What awslogs takes."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

OPTIONS: Final = (
    *("awslogs-create-group", "awslogs-datetime-format", "awslogs-group", "awslogs-multiline-pattern"),
    *("awslogs-region", "awslogs-stream-prefix", "max-buffer-size", "mode"),
)
OF_DOCKER: Final = (
    *("awslogs-create-stream", "awslogs-credentials-endpoint", "awslogs-endpoint", "awslogs-format"),
    *("awslogs-force-flush-interval-seconds", "awslogs-max-buffered-events", "awslogs-stream", "tag"),
    *("env", "env-regex", "labels", "labels-regex"),
)
"""Known to Docker; whether ECS lets them through depends on its agent."""


class AwslogsOptionUnknown(Rule):
    """Options that ECS does not take for the log driver."""

    id = "awslogs-option-unknown"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition answers that the log driver awslogs disallows the option."
    fix = "remove the option; those of a FireLens output belong to the log driver awsfirelens"
    url = "https://github.com/aws-samples/amazon-ecs-firelens-examples/issues/83"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            for key in container.options.value if container.driver == "awslogs" else ():
                if key not in OPTIONS and (task.fargate or key not in OF_DOCKER):
                    near = get_close_matches(key[:60], OPTIONS, 1)
                    fix = f"write {near[0]}" if near else ""
                    yield Hit(container.options.at(key), f"awslogs has no option '{key[:60]}'", fix)
