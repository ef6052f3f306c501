"""The start order that ECS adds for FireLens.

Source: amazon-ecs-agent ``task.go`` (addFirelensContainerDependency).
"""

from __future__ import annotations

from typing import TypeAlias

from outrider.taskdef.firelens.options import uses_firelens
from outrider.taskdef.firelens.render import find_router
from outrider.taskdef.shape import TaskDefinition

Dependency: TypeAlias = dict[str, str]
"""``containerName`` and ``condition``, as in a task definition."""


def dependencies(task: TaskDefinition) -> dict[str, list[Dependency]]:
    """For each container, by name, what it waits for: its own ``dependsOn`` and what ECS adds.

    A container that logs through the router waits for its START unless it names the router itself. ECS adds nothing
    at all if the router waits for anything, lest there be a circle. Raises UserError unless there is one router.
    """
    containers = task["containerDefinitions"]
    router = containers[find_router(task)]
    own: dict[str, list[Dependency]] = {c["name"]: [dict(d) for d in c.get("dependsOn") or []] for c in containers}
    if own[router["name"]]:
        return own
    for container in containers:
        waits = own[container["name"]]
        if container is router or not uses_firelens(container):
            continue
        if all(wait["containerName"] != router["name"] for wait in waits):
            waits.append({"containerName": router["name"], "condition": "START"})
    return own
