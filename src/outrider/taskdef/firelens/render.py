"""The configuration file that ECS generates for the router of a task.

Source: amazon-ecs-agent ``firelensconfig_unix.go`` (generateConfig, addOutputSection), ``task.go``
(initializeFirelensResource, resolveMemBufLimit; agent 1.89 and later).
"""

from __future__ import annotations

from typing import Any

from outrider.model.errors import UserError
from outrider.taskdef.firelens.generator import Configuration, Grep, Kind, Plugin
from outrider.taskdef.firelens.options import (
    BUFFER_LIMIT,
    OUTPUT_KEY,
    firelens_kind,
    log_options,
    router_options,
    uses_firelens,
)
from outrider.taskdef.firelens.runtime import Runtime
from outrider.taskdef.shape import Locate, Path, TaskDefinition, check_shape, nowhere

SOCKET = "/var/run/fluent.sock"
PORT = "24224"
HEALTH_TAG = "firelens-healthcheck"
HEALTH_PORT = "8877"
_DEFAULT_LIMIT = 25
_PATTERNS = ("include-pattern", "exclude-pattern")


def find_router(task: TaskDefinition, locate: Locate = nowhere) -> int:
    """The place of the one container that has a firelensConfiguration. Raises UserError if there is none, or two."""
    containers = task["containerDefinitions"]
    found = [i for i, container in enumerate(containers) if container.get("firelensConfiguration") is not None]
    if not found:
        using = [i for i, container in enumerate(containers) if uses_firelens(container)]
        path: Path = ("containerDefinitions", using[0], "logConfiguration") if using else ("containerDefinitions",)
        message = (
            "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be "
            "configured in one of the containers."
            if using
            else "no container has a firelensConfiguration, so ECS generates no configuration for this task"
        )
        raise UserError(
            message,
            locate(path),
            fix='add a log router with "firelensConfiguration": {"type": "fluentbit"}, as outrider task protect does',
        )
    if len(found) > 1:
        first, second = (containers[i]["name"] for i in found[:2])
        raise UserError(
            f"only one container of a task may have a firelensConfiguration; '{first}' and '{second}' both have one",
            locate(("containerDefinitions", found[1], "firelensConfiguration")),
            fix=f"remove it from one of them (the configuration of '{first}' can include a second one's file)",
        )
    return found[0]


def network_mode(task: TaskDefinition) -> str:
    """``awsvpc``, ``bridge`` (also if the task names none), ``host`` or ``none``."""
    return task.get("networkMode") or "bridge"


def render(task: TaskDefinition, runtime: Runtime | None = None, locate: Locate = nowhere) -> str:
    """The text of ``/fluent-bit/etc/fluent-bit.conf`` or ``/fluentd/etc/fluent.conf``.

    Raises UserError, in ECS's words where ECS has any, for what ECS refuses at registration or when the task starts.
    """
    runtime = runtime or Runtime()
    check_shape(task, locate)
    index = find_router(task, locate)
    router = task["containerDefinitions"][index]
    path: Path = ("containerDefinitions", index, "firelensConfiguration")
    kind = firelens_kind(router["firelensConfiguration"].get("type"), locate((*path, "type")))
    options = router_options(kind, router["firelensConfiguration"].get("options") or {}, locate, (*path, "options"))

    configuration = Configuration()
    _add_inputs(configuration, kind, network_mode(task), _memory_limit(router))
    if options.metadata:
        configuration.modify["*" if kind == "fluentbit" else "**"] = _metadata(task, runtime, locate)
    if options.include is not None:
        configuration.after_filters.append(options.include)
    for place, container in enumerate(task["containerDefinitions"]):
        of_container = log_options(container, place, kind)
        if of_container is not None:
            _add_container(configuration, kind, place, container, of_container, locate)
    return configuration.text(kind)


def _memory_limit(router: dict[str, Any]) -> int:
    """Half of the router's own memory in MB; that of the task does not count."""
    limits = (router.get("memoryReservation") or 0, router.get("memory") or 0)
    return next((limit for limit in limits if limit > 0), 0) // 2 or _DEFAULT_LIMIT


def _add_inputs(c: Configuration, kind: Kind, mode: str, limit: int) -> None:
    bind = {"bridge": "0.0.0.0", "awsvpc": "127.0.0.1"}.get(mode)
    if kind == "fluentd":
        c.inputs.append(Plugin("unix", options={"path": SOCKET}))
        if bind:
            c.inputs.append(Plugin("forward", options={"bind": bind, "port": PORT}))
        return
    c.inputs.append(Plugin("forward", options={"Mem_Buf_Limit": f"{limit}MB", "unix_path": SOCKET}))
    if bind:
        c.inputs.append(Plugin("forward", options={"Listen": bind, "Port": PORT}))
        c.inputs.append(Plugin("tcp", HEALTH_TAG, {"Listen": "127.0.0.1", "Port": HEALTH_PORT}))
        c.outputs.append(Plugin("null", HEALTH_TAG))


def _metadata(task: TaskDefinition, runtime: Runtime, locate: Locate) -> dict[str, str]:
    if not task.get("family"):
        raise UserError("family is missing", locate(()), fix='add "family": the name of the task definition')
    fields = {
        "ecs_cluster": runtime.cluster,
        "ecs_task_arn": runtime.task_arn,
        "ecs_task_definition": f"{task['family']}:{runtime.revision}",
    }
    return fields | ({"ec2_instance_id": runtime.ec2_instance_id} if runtime.ec2_instance_id else {})


def _add_container(
    c: Configuration, kind: Kind, place: int, container: dict[str, Any], options: dict[str, str], locate: Locate
) -> None:
    tag = f"{container['name']}-firelens" + ("*" if kind == "fluentbit" else "**")
    for key, filters in zip(_PATTERNS, (c.include, c.exclude), strict=True):
        if key in options:
            filters.append(Grep(options[key], "log", tag))
    output_key = OUTPUT_KEY[kind]
    rest = {k: v for k, v in options.items() if k not in (*_PATTERNS, BUFFER_LIMIT, output_key)}
    if output_key in options:
        c.outputs.append(Plugin(options[output_key], tag, rest))
    elif rest:
        fix = f"add {output_key}: the output plugin that takes this container's logs"
        near = next((key for key in rest if key.lower() == output_key.lower()), None)
        if near:
            fix = f"write {output_key} instead of {near}: upper and lower case count here"
        elif not uses_firelens(container):
            fix = (
                "move this container to another task, or to awsfirelens: ECS hands the secretOptions of every log "
                "driver of the task to the router"
            )
        raise UserError(
            "unable to generate firelens config file: unable to generate firelens config: unable to apply log options "
            f"of container {container['name']} to firelens config: missing output key {output_key} which is required "
            f"for firelens configuration of type {kind}",
            locate(("containerDefinitions", place, "logConfiguration", "options")),
            fix=fix,
        )
