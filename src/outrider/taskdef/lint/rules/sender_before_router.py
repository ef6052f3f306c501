"""Who starts first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


class SenderBeforeRouter(Rule):
    """A container that may start before its log router."""

    id = "sender-before-router"
    level: ClassVar[Level] = "note"
    why = (
        "ECS lets containers wait for the router by itself, but not where the router waits for something;"
        " until the router is there, lines wait in the log driver, and with a synchronous driver the container"
        " does not start."
    )
    fix = 'add {"containerName": ROUTER, "condition": "START"} to its dependsOn'
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/api/task/task.go"
    mends = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        router = task.router
        if router is None or not router.waits_for or not _is_known(task):
            return
        needed = _before(task, router.name)
        for container in task.senders:
            waits = [name for name, _ in container.waits_for]
            if container is not router and router.name not in waits and container.name not in needed:
                told = f"{container.called} does not wait for its log router {router.called}"
                yield Hit(container.at("name"), told)

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """See Rule."""
        task = Task(source.task)
        container = task.holding(hit.path)
        wait = {"containerName": task.router.name if task.router else "", "condition": "START"}
        if container.has("dependsOn"):
            return source.append(container.at("dependsOn"), wait)
        return source.set(container.path, "dependsOn", [wait])


def _is_known(task: Task) -> bool:
    """Whether all names and dependencies are known."""
    waits = [name for container in task for name, _ in container.waits_for]
    return task.whole and all(waits) and not any(container.is_open("dependsOn") for container in task)


def _before(task: Task, name: str) -> set[str]:
    """The containers that this one waits for, directly or not."""
    waits = {container.name: {other for other, _ in container.waits_for} for container in task}
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = waits.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
