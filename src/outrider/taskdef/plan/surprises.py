"""Where the ECS agent does what one would not expect. Pure.

Source: amazon-ecs-agent ``firelensconfig_unix.go``, ``task.go`` and ``docker_task_engine.go``, and the Docker drivers
underneath; what is known of Fargate is known from AWS's documents alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from outrider.taskdef.firelens.generator import Kind
from outrider.taskdef.firelens.options import BOOLEANS, BUFFER_LIMIT, METADATA, OUTPUT_KEY, plain_options, uses_firelens
from outrider.taskdef.shape import Path, TaskDefinition

_OF_DRIVER: Final = ("mode", "max-buffer-size")


def surprises(task: TaskDefinition, index: int, kind: Kind | None) -> Iterator[tuple[str, Path]]:
    """Each with the path to its cause. ``index`` is the router's place, ``kind`` None where ECS refuses it."""
    router, path = task["containerDefinitions"][index], ("containerDefinitions", index)
    yield from _of_router(task, router, path)
    if kind == "fluentbit":
        yield from _of_memory(router, path)
    for place, container in enumerate(task["containerDefinitions"]):
        if place != index:
            yield from _of_sender(container, ("containerDefinitions", place), kind)
    yield from _of_task(task, router, path)


def _of_router(task: TaskDefinition, router: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Path]]:
    options = router["firelensConfiguration"].get("options") or {}
    inside: Path = (*path, "firelensConfiguration", "options")
    yield "the router's /var/run is the directory of FireLens's socket: what the image has there is hidden", path
    switch = options.get(METADATA)
    if switch is not None and switch not in BOOLEANS:
        yield (
            f"{METADATA} is '{switch}': the agent says that it ignores it, and turns metadata off",
            (*inside, METADATA),
        )
    if "config-file-value" in options and "config-file-type" not in options:
        yield "config-file-value without config-file-type is ignored", (*inside, "config-file-value")
    if options.get("config-file-type") == "s3":
        text = "the agent fetches the file from S3 with the execution role, not the task role"
        yield f"{text}; Fargate does not take files from S3", (*inside, "config-file-type")
    if "config-file-type" in options:
        text = "the extra configuration comes after all generated filters and before all generated outputs"
        yield f"{text}: its filters see records that have their metadata", (*inside, "config-file-type")
    if router.get("dependsOn") and any(_lacks(c, router) for c in task["containerDefinitions"]):
        text = "the router waits for a container, so ECS lets no sender wait for the router; only their own dependsOn"
        yield f"{text} does", (*path, "dependsOn")
    if uses_firelens(router):
        yield "the router's own log comes back to it", (*path, "logConfiguration", "logDriver")


def _lacks(container: Mapping[str, Any], router: Mapping[str, Any]) -> bool:
    waits = [wait["containerName"] for wait in container.get("dependsOn") or []]
    return container is not router and uses_firelens(container) and router["name"] not in waits


def _of_memory(router: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Path]]:
    key = next((key for key in ("memoryReservation", "memory") if (router.get(key) or 0) > 0), None)
    if key is None:
        text = "the router has no memory of its own, so its buffer is 25 MB; the memory of the task does not count"
        yield text, path
    else:
        yield f"the router's buffer is half of its {key}, in MB of 1000000 bytes", (*path, key)
    if any(word.rpartition("/")[2] == "fluent-launch" for word in router.get("entryPoint") or []):
        text = "the launcher changes a copy of this configuration, and the router reads that one"
        yield f"{text}: fluent-launch --diff shows it", (*path, "entryPoint")
    elif [word.rpartition("/")[2] for word in (router.get("entryPoint") or [])[:2]] == ["outrider", "agent"]:
        yield "Outrider's agent keeps every input on disk first, and bounds those that this limit is not for", path
    else:
        yield "Mem_Buf_Limit is set for the socket alone; port 24224 and inputs of yours are not limited", path


def _of_sender(container: Mapping[str, Any], path: Path, kind: Kind | None) -> Iterator[tuple[str, Path]]:
    name, inside = container["name"], (*path, "logConfiguration")
    options = plain_options(container)
    secrets = [secret["name"] for secret in (container.get("logConfiguration") or {}).get("secretOptions") or []]
    if secrets and not uses_firelens(container):
        yield f"the secretOptions of '{name}' go to the router, although its log driver is another", inside
    if not uses_firelens(container):
        return
    for key in secrets:
        if key in options:
            yield f"the secret option {key} of '{name}' wins over the plain one", (*inside, "options", key)
        if kind is not None and key == OUTPUT_KEY[kind]:
            yield f"the plugin of '{name}' is named by a secret", inside
    for key in options:
        where: Path = (*inside, "options", key)
        if key in _OF_DRIVER:
            yield f"{key} of '{name}' goes to the output, not to the log driver", where
        if kind == "fluentbit" and key.lower() == "match":
            yield f"the output of '{name}' has two lines Match; the second one, of yours, counts", where
        if "\n" in options[key]:
            yield f"the option {key} of '{name}' has a line end: what follows it becomes configuration", where
    if options.get(BUFFER_LIMIT) == "0":
        yield f"a {BUFFER_LIMIT} of 0 is a queue of 8192 lines", (*inside, "options", BUFFER_LIMIT)
    elif BUFFER_LIMIT in options:
        yield f"{BUFFER_LIMIT} of '{name}' counts lines, not bytes", (*inside, "options", BUFFER_LIMIT)


def _of_task(task: TaskDefinition, router: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Path]]:
    senders = [container for container in task["containerDefinitions"] if uses_firelens(container)]
    if len(senders) > 1:
        yield "the agent writes containers in an order that changes from task to task; here it is that of the file", ()
    mode = task.get("networkMode") or "bridge"
    if senders and mode == "bridge":
        text = f"FLUENT_HOST is the address of '{router['name']}' when a container starts; it is stale once the router"
        yield f"{text} has started again", path
    if senders and mode in ("host", "none"):
        text = f"in network mode {mode} there is neither port 24224 nor FLUENT_HOST: records come by the socket alone"
        yield text, ("networkMode",)
    if senders:
        text = "lines that still wait in the log driver when their container stops are discarded"
        yield f"{text}, unless the instance sets ECS_ENABLE_FIRELENS_ASYNC to false", ()
    if "FARGATE" in (task.get("requiresCompatibilities") or []):
        yield "Fargate's agent is not published: that it does the same is known from AWS's documents", ()
