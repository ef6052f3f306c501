"""Why a task definition cannot be protected. Each check yields UserErrors with place, reason and remedy.

Refused is what would fail in silence or break the task when it runs; what ECS itself refuses at registration is noted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from outrider.model.errors import UserError
from outrider.pipeline.registry import PLUGINS as OUTPUTS
from outrider.taskdef.firelens.options import plain_options, uses_firelens
from outrider.taskdef.protect.awslogs import C_PLUGIN, GO_PLUGIN, MULTILINE, convert
from outrider.taskdef.protect.profile import AGENT_PORT, AWS_IMAGE, PROFILES, Wish, is_of_aws
from outrider.taskdef.shape import Locate, Path, TaskDefinition

CONTAINER_LIMIT = 10
_PORTS = {AGENT_PORT: "the agent's syslog port", 24224: "the router's forward port", 8877: "the router's health port"}


def check_linux(task: TaskDefinition, locate: Locate) -> Iterator[UserError]:
    """ECS has log routers on Linux only."""
    system = (task.get("runtimePlatform") or {}).get("operatingSystemFamily") or ""
    if str(system).upper().startswith("WINDOWS"):
        yield UserError(
            f"the task runs on {system}; ECS has FireLens on Linux only",
            locate(("runtimePlatform", "operatingSystemFamily")),
            fix="give Linux tasks; for Windows hosts install an agent on the host",
        )


def check_platform(task: TaskDefinition, locate: Locate, *, single: bool = False) -> Iterator[UserError]:
    """The agent must be reachable on the loopback address that all containers of the task share.

    One that is the router, too (``single``), gets its records by FireLens's socket.
    """
    windows = list(check_linux(task, locate))
    yield from windows
    if windows:
        return
    if single:
        yield from _check_single(task, locate)
        return
    compatibilities = task.get("requiresCompatibilities") or []
    mode = task.get("networkMode")
    if mode == "awsvpc" and "EXTERNAL" not in compatibilities:
        return
    if mode is None and "FARGATE" in compatibilities:
        return
    if mode is None:
        yield UserError(
            "networkMode is missing, so ECS takes bridge, where each container has a loopback address of its own and "
            f"the router's logs would never reach the agent on 127.0.0.1:{AGENT_PORT}",
            locate(()),
            fix="say --awsvpc, which sets it (Fargate takes no other), or --style single, which can do without; or run "
            "one agent for each EC2 host",
        )
    elif mode == "awsvpc":
        yield UserError(
            "requiresCompatibilities has EXTERNAL, and ECS Anywhere has no networkMode awsvpc",
            locate(("requiresCompatibilities",)),
            fix="run one agent for each host instead",
        )
    else:
        yield UserError(
            f"networkMode is {mode}: "
            "only with awsvpc do the containers of a task share the loopback address on which the agent listens",
            locate(("networkMode",)),
            found=str(mode),
            allowed=("awsvpc",),
            fix="run one agent for each EC2 host instead, or change the task to awsvpc",
        )


def _check_single(task: TaskDefinition, locate: Locate) -> Iterator[UserError]:
    mode = task.get("networkMode")
    if mode in ("host", "none"):
        why = "tasks would meet on its ports" if mode == "host" else "the agent would not reach its server"
        yield UserError(
            f"networkMode is {mode}: {why}",
            locate(("networkMode",)),
            found=str(mode),
            allowed=("awsvpc", "bridge"),
            fix="change the task to awsvpc, or run one agent for each EC2 host ('outrider export ecs-daemon')",
        )


def check_ports(containers: list[tuple[int, dict[str, Any]]], locate: Locate) -> Iterator[UserError]:
    """No application may listen where the agent or the router does: with awsvpc they share the ports."""
    for index, container in containers:
        mappings = container.get("portMappings")
        for nth, mapping in enumerate(mappings if isinstance(mappings, list) else ()):  # ECS refuses anything else
            port = mapping.get("containerPort") if isinstance(mapping, dict) else None
            if isinstance(port, int) and port in _PORTS:
                yield UserError(
                    f"container '{container['name']}' uses port {port}, which is {_PORTS[port]}",
                    locate(("containerDefinitions", index, "portMappings", nth, "containerPort")),
                    fix="let the application listen on another port",
                )


def check_log_drivers(containers: list[tuple[int, dict[str, Any]]], wish: Wish, locate: Locate) -> Iterator[UserError]:
    """Logs that go somewhere else today must not stop going there unless the user says so."""
    if wish.replace_log_driver:
        return
    for index, container in containers:
        log = container.get("logConfiguration")
        if not log or uses_firelens(container):
            continue
        name, driver = container["name"], log["logDriver"]
        yield UserError(
            f"container '{name}' ({driver}) already logs elsewhere",
            locate(("containerDefinitions", index, "logConfiguration")),
            fix=(_migration(name, log, wish) if driver == "awslogs" else _other_driver(driver))
            + "; or say --replace-log-driver to give up the old destination",
        )


def _migration(name: str, log: dict[str, Any], wish: Wish) -> str:
    options = log.get("options") or {}
    new = convert(name, options, GO_PLUGIN if is_of_aws(wish.new_router_image) else C_PLUGIN)
    text = "migrate it to FireLens first, with 'outrider task migrate' and --adopt-router here, or by hand, for "
    text += f"'{name}': \"logConfiguration\": {json.dumps(new.log, ensure_ascii=False)}"
    text += " (the task role needs the logs: rights that the execution role had"
    text += "".join(f"; {key} needs a multiline filter" for key in MULTILINE if key in options)
    text += "".join(f"; {phrase}" for phrase in new.told)
    return text + ")"


def _other_driver(driver: str) -> str:
    return f"replace {driver} by awsfirelens with the options of the router's output that writes to the same place"


def check_outputs(task: TaskDefinition, router_image: str, locate: Locate, *, single: bool) -> Iterator[UserError]:
    """Outrider's own router stops at an output that it does not have, and the task with it."""
    if not single and router_image != PROFILES["outrider"].router_image:
        return
    instead = "leave out --style single, and run" if single else "run"
    known = sorted(OUTPUTS["output"])
    for index, container in enumerate(task["containerDefinitions"]):
        name = plain_options(container).get("Name") if uses_firelens(container) else None
        if name and name.lower() not in known:
            yield UserError(
                f"container '{container['name']}' sends its logs to '{name}', which Outrider's router does not have",
                locate(("containerDefinitions", index, "logConfiguration", "options", "Name")),
                found=name,
                allowed=known,
                fix=f"{instead} Fluent Bit under the launcher: --router-image {AWS_IMAGE}",
            )


def check_names(task: TaskDefinition, new: list[str], locate: Locate) -> Iterator[UserError]:
    """The added containers' names must be free, and ECS must take that many."""
    containers = task["containerDefinitions"]
    for index, container in enumerate(containers):
        if container["name"] in new:
            path: Path = ("containerDefinitions", index, "name")
            yield UserError(
                f"a container named '{container['name']}' is there already, and is not part of a protected task",
                locate(path),
                fix="rename it; or remove it if it is left from an earlier protection",
            )
    if len(containers) + len(new) > CONTAINER_LIMIT:
        yield UserError(
            f"the task has {len(containers)} containers and would have {len(containers) + len(new)}; "
            f"ECS takes {CONTAINER_LIMIT}",
            locate(("containerDefinitions",)),
            fix="move an application to a task of its own",
        )
