"""The role with which the router works, on Fargate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.rights import TASK, rights_of, scope_of
from outrider.taskdef.shape import Path
from outrider.taskdef.view import Container, Task

_KEYS: Final = ("_ID", "_KEY", "_FILE")


class TaskRoleMissing(Rule):
    """An output to AWS in a Fargate task without a task role."""

    id = "task-role-missing"
    level: ClassVar[Level] = "error"
    why = "The router calls AWS with the task role; the execution role is for ECS itself. Without one no log arrives."
    fix = "add taskRoleArn; outrider task iam prints its policy"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for path, told in router_needs(task) if task.fargate else ():
            yield Hit(path, f"{told}, and the task has no taskRoleArn")


def router_needs(task: Task) -> Iterator[tuple[Path, str]]:
    """The outputs and files for which the router needs a task role that is not there, each once."""
    router = task.router
    if router is None or task.has("taskRoleArn") or _has_keys(router):
        return
    seen: set[str] = set()
    for need in rights_of(task, scope_of(task)).of(TASK):
        owner = need.reason.text.partition(", option")[0]
        if owner not in seen and isinstance(need.reason.where, tuple) and not owner.startswith("volume"):
            seen.add(owner)
            yield need.reason.where, f"{owner} needs {need.actions[0]}"


def _has_keys(router: Container) -> bool:
    """Whether the router may get keys by its environment."""
    for names in (router.names("environment"), router.names("secrets")):
        if names is None or any(name.startswith("AWS_") and name.endswith(_KEYS) for name in names):
            return True
    return router.has("environmentFiles")
