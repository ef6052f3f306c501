"""Containers that wait for the router: ECS lets them do so by itself only as long as the router waits for nobody."""

from __future__ import annotations

from typing import Final

from outrider.model.errors import UserError
from outrider.taskdef.lint.rules.sender_before_router import SenderBeforeRouter
from outrider.taskdef.protect.edited import CONTAINERS, Edited
from outrider.taskdef.templates import OpenText
from outrider.taskdef.view import Task

LABEL: Final = "outrider.waits"
"""On a router that was adopted: the containers that wait for it since then."""


def add_waits(result: Edited) -> None:
    """Let each container that sends to the router wait for its START, unless the router waits for it.

    Where a template leaves names or dependencies open, nobody knows who waits, and nothing is added.
    """
    task, rule = Task(result.source.task), SenderBeforeRouter()
    router = task.router
    if router is None or any(isinstance(container.name, OpenText) for container in task):
        return
    names: list[str] = []
    for hit in rule.check(task):
        try:
            result.source = rule.mend(result.source, hit)
        except UserError:  # a function gives the dependencies
            continue
        name = task.holding(hit.path).name
        names.append(name)
        result.changed.append(f"'{name}' waits for the log router '{router.name}'")
    mounted = [task.named(item.text("sourceContainer") or "") for item in router.parts("volumesFrom")]
    if names and any(agent is not None and router.path < agent.path for agent in mounted):
        labels = router.value.get("dockerLabels") or {}
        marked = " ".join([*str(labels.get(LABEL) or "").split(), *names])
        if labels:
            result.source = result.source.set(router.at("dockerLabels"), LABEL, marked)
        else:
            result.source = result.source.set(router.path, "dockerLabels", {LABEL: marked})


def take_waits_back(result: Edited, index: int) -> None:
    """Nobody waits for a router that stays but who did so before it was adopted."""
    router = result.containers()[index]
    labels = router.get("dockerLabels") or {}
    if LABEL not in labels:
        return
    names = str(labels[LABEL]).split()
    for place, container in enumerate(result.containers()):
        if container["name"] in names:
            result.remove_items(place, "dependsOn", "containerName", router["name"])
    result.source = result.source.remove((*CONTAINERS, index, "dockerLabels", *([LABEL] if len(labels) > 1 else [])))
