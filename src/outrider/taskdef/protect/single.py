"""One sidecar: Outrider's agent is the log router of the task (``outrider agent -c``).

It has the generated configuration in its own pipeline, so it needs no launcher and no syslog in between. A router of
Fluent Bit's image may become this container; the image that it had stays in a label, for the way back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from outrider.model.errors import UserError
from outrider.taskdef.protect.edited import CONTAINERS, Edited
from outrider.taskdef.protect.profile import START, Container, Wish, is_stock, pairs
from outrider.taskdef.shape import Locate, TaskDefinition
from outrider.taskdef.view import Task

NAME: Final = "outrider"
CONFIGURATION: Final = "/fluent-bit/etc/fluent-bit.conf"
LABEL: Final = "outrider.router-image"
"""The image of a router that was adopted."""
HEALTH: Final[Container] = {
    "command": ["CMD", "outrider", "agent", "status"],
    "interval": 30,
    "timeout": 10,
    "retries": 3,
    "startPeriod": 30,
}
PROGRAM: Final[Container] = {"entryPoint": ["outrider", "agent"], "command": ["-c", CONFIGURATION]}
VARIABLES: Final = ("OUTRIDER_SERVER", "OUTRIDER_TOKEN", "KEY")
"""What the agent is told."""
_MEMORY: Final = 100
"""MiB to reserve."""
_BUILT_IN: Final = "/fluent-bit/configs/"
"""Configurations of AWS's image, which Outrider's has too."""


def is_single(container: Mapping[str, Any]) -> bool:
    """Whether this router is the agent itself."""
    routes = container.get("firelensConfiguration") is not None
    return routes and container.get("entryPoint") == PROGRAM["entryPoint"]


def shares_ports(task: TaskDefinition) -> bool:
    """Whether all containers of the task have one network; in bridge mode each has its own."""
    return task.get("networkMode") == "awsvpc" or "FARGATE" in (task.get("requiresCompatibilities") or [])


def add(result: Edited, wish: Wish) -> None:
    """Add the sidecar to a task without a router."""
    container: Container = {"name": NAME, "image": wish.agent_image or wish.profile.agent_image}
    if _has_room(Task(result.source.task)):
        container["memoryReservation"] = _MEMORY
    else:
        result.notes.append(
            f"the task's memory is reserved by other containers: raise it by {_MEMORY}, and give '{NAME}' a "
            f"memoryReservation of {_MEMORY}"
        )
    if wish.environment:
        container["environment"] = pairs(wish.environment, "value")
    if wish.secrets:
        container["secrets"] = pairs(wish.secrets, "valueFrom")
    container |= {"firelensConfiguration": {"type": "fluentbit"}, **PROGRAM, "healthCheck": HEALTH}
    result.source = result.source.append(CONTAINERS, container)
    result.changed.append(f"added '{NAME}', agent and log router in one ({container['image']})")


def _has_room(task: Task) -> bool:
    """Whether the sum of what containers reserve stays within the task's memory."""
    reserved = sum(container.number("memoryReservation") or container.number("memory") or 0 for container in task)
    size = task.units("memory")
    return size is None or reserved + _MEMORY <= size


def check_adoption(router: Container, index: int, wish: Wish, locate: Locate) -> Iterator[UserError]:
    """What the agent's image cannot take over from a router that is there."""
    name, image = router["name"], str(router.get("image") or "")
    two = "or leave out --style single: the router keeps its image then"
    if not is_stock(image) and router.get("entryPoint") is None:
        yield UserError(
            f"the log router '{name}' has the image '{image}', which is not Fluent Bit's: what else is in it would go",
            locate((*CONTAINERS, index, "image")),
            fix=f"give it Fluent Bit's image if nothing else is needed, {two}",
        )
    if router.get("healthCheck") is not None:
        yield UserError(
            f"the log router '{name}' has a healthCheck of its own, whose program the agent's image may not have",
            locate((*CONTAINERS, index, "healthCheck")),
            fix=f"remove it: the agent brings one, {two}",
        )
    file = _included_file(router)
    if file and wish.agent_image is None:
        yield UserError(
            f"the log router '{name}' reads {file}, which is not in the agent's image",
            locate((*CONTAINERS, index, "firelensConfiguration", "options", "config-file-value")),
            fix=f"build an image on the agent's that has it, and name it with --agent-image, {two}",
        )


def _included_file(router: Container) -> str:
    """The file of its own image that the router includes; empty if there is none."""
    options = router["firelensConfiguration"].get("options") or {}
    file = str(options.get("config-file-value") or "") if options.get("config-file-type") == "file" else ""
    return "" if file.startswith(_BUILT_IN) else file


def adopt(result: Edited, index: int, wish: Wish) -> None:
    """Let a router that is there become the agent."""
    router = result.containers()[index]
    name, image = router["name"], router.get("image")
    result.set(index, "image", wish.agent_image or wish.profile.agent_image)
    for key, value in {**PROGRAM, "healthCheck": HEALTH}.items():
        result.set(index, key, value)
    if router.get("dockerLabels"):
        result.source = result.source.set((*CONTAINERS, index, "dockerLabels"), LABEL, image)
    else:
        result.set(index, "dockerLabels", {LABEL: image})
    result.changed.append(f"the log router '{name}' is the agent, too, in the place of {image}")
    tell(result, index, wish)


def update(result: Edited, index: int, wish: Wish) -> None:
    """Bring what the user named to a sidecar that is there."""
    container = result.containers()[index]
    if wish.agent_image and container.get("image") != wish.agent_image:
        result.set(index, "image", wish.agent_image)
        result.changed.append(f"'{container['name']}' runs {wish.agent_image}")
    tell(result, index, wish)


def tell(result: Edited, index: int, wish: Wish) -> None:
    """The agent's variables."""
    result.merge(index, "environment", pairs(wish.environment, "value"))
    result.merge(index, "secrets", pairs(wish.secrets, "valueFrom"))


def release(result: Edited, index: int) -> None:
    """A router that is no agent any more, but with the image that it had, or Outrider's as a router alone."""
    router = result.containers()[index]
    image = (router.get("dockerLabels") or {}).get(LABEL)
    for variable in VARIABLES:
        for key in ("environment", "secrets"):
            result.remove_items(index, key, "name", variable)
    if router.get("healthCheck") == HEALTH:
        result.remove(index, "healthCheck")
    if image:
        result.set(index, "image", image)
        _forget_label(result, index)
    runs_itself = is_stock(str(result.containers()[index].get("image")))
    for key, value in START.items():
        if runs_itself:
            result.clear(index, key)
        else:
            result.set(index, key, value)
    result.changed.append(f"the log router '{router['name']}' is no agent any more")


def _forget_label(result: Edited, index: int) -> None:
    if len(result.containers()[index]["dockerLabels"]) == 1:
        result.remove(index, "dockerLabels")
    else:
        result.remove(index, "dockerLabels", LABEL)
