"""The role with which the router works, on EC2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.task_role_missing import router_needs
from outrider.taskdef.view import Task


class TaskRoleOfInstance(Rule):
    """An output to AWS in a task without a task role."""

    id = "task-role-of-instance"
    level: ClassVar[Level] = "note"
    why = (
        "On an EC2 instance the router then works with the role of the instance, where that is allowed; on"
        " Fargate it has none."
    )
    fix = "add taskRoleArn; outrider task iam prints its policy"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for path, told in (
            router_needs(task) if not task.fargate and not task.is_open("requiresCompatibilities") else ()
        ):
            yield Hit(path, f"{told}, and the task has no taskRoleArn")
