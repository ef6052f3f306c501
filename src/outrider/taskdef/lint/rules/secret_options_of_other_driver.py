"""Secret options beside FireLens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class SecretOptionsOfOtherDriver(Rule):
    """``secretOptions`` of another log driver in a task with a log router."""

    id = "secret-options-of-other-driver"
    level: ClassVar[Level] = "error"
    why = (
        "The ECS agent hands the secret options of every log driver to the router and finds no output for"
        " them: the task does not start."
    )
    fix = "move this container to another task, or to awsfirelens"
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/api/task/task.go"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task if task.router is not None else ():
            if container.driver and not container.sends and (secrets := container.log.parts("secretOptions")):
                told = (
                    f"{container.called} has secretOptions for {container.driver[:40]}, and the task has a log router"
                )
                yield Hit(secrets[0].path, told)
