"""Compose files as a task definition: each service is a container.

What a Compose file leaves to the tool that brings it to ECS (roles, network mode, the task's sizes, which containers
are essential) is ``UNKNOWN``, and so is what ``$VARIABLE`` stands for. ``x-aws-firelens`` of a service holds its
``firelensConfiguration``. Source: the Compose specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from outrider.taskdef.jsontree import Node, Value
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.source import Source
from outrider.taskdef.sources.nodes import array, entries, leaf, member, obj, unknown, with_texts
from outrider.taskdef.sources.reading import CONTAINERS, Reading
from outrider.taskdef.sources.words import arguments, health_check, pairs, seconds, string, strings

_LEFT_OPEN: Final = (
    *("networkMode", "requiresCompatibilities", "cpu", "memory", "taskRoleArn", "executionRoleArn"),
    *("runtimePlatform", "ephemeralStorage"),
)
_TEXTS: Final = {"user": "user", "working_dir": "workingDirectory", "hostname": "hostname"}
_FLAGS: Final = {
    "privileged": "privileged",
    "read_only": "readonlyRootFilesystem",
    "tty": "pseudoTerminal",
    "stdin_open": "interactive",
}
_CONDITIONS: Final = {
    "service_started": "START",
    "service_healthy": "HEALTHY",
    "service_completed_successfully": "SUCCESS",
}
_SIZE: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) *([kmg]?)b?", re.IGNORECASE)
_BYTES: Final = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_PORT: Final = re.compile(
    r"(?:(?:[0-9]+(?:\.[0-9]+){3}|\[[0-9a-fA-F:.]+\]):)?(?:([0-9]{1,5})?:)?([0-9]{1,5})(?:/(tcp|udp))?"
)
_CPUS: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,9})?")


def is_compose(value: Any) -> bool:
    """Whether it is a Compose file."""
    return (
        isinstance(value, dict) and isinstance(value.get("services"), dict) and not {CONTAINERS, "Resources"} & {*value}
    )


def task_in_compose(source: Source, root: Node) -> Reading:
    """The services of a Compose file. Raises UserError with line and column."""
    root = with_texts(root, _interpolated)
    services = member(root, "services") or root
    containers = [_container(name, service) for name, service in entries(services)]
    included = member(root, "include")
    family = member(root, "name")
    task = {
        "family": unknown(root) if family is None else string(family),
        CONTAINERS: array(services, containers if included is None else [*containers, unknown(included)]),
        **{key: unknown(services) for key in _LEFT_OPEN},
        "volumes": array(services, _volumes(root, services)),
    }
    found = Reading(source, (), obj(root, task), "a Compose file")
    _ = found.task
    return found


def _interpolated(text: str) -> Value:
    """A text, or UNKNOWN if a variable stands in it."""
    rest = text.replace("$$", "")
    return UNKNOWN if "$" in rest else text.replace("$$", "$")


def _container(name: Node, service: Node) -> Node:
    if not isinstance(service.value, dict):
        return service
    if "extends" in service.members:  # the rest stands in another service, or in another file
        return unknown(service)
    image = member(service, "image")
    limits = ("deploy", "resources", "limits")
    members = {
        "name": name,
        "essential": unknown(service),
        "image": string(image) if image else _built(member(service, "build")),
        "entryPoint": arguments(member(service, "entrypoint")),
        "command": arguments(member(service, "command")),
        "environment": _environment(service),
        "dependsOn": _dependencies(member(service, "depends_on")),
        "healthCheck": health_check(member(service, "healthcheck"), "test"),
        "portMappings": _each(member(service, "ports"), _port),
        "mountPoints": _each(member(service, "volumes"), _mount),
        "volumesFrom": _each(member(service, "volumes_from"), _volumes_from),
        "memory": _mebibytes(member(service, "mem_limit") or member(service, *limits, "memory")),
        "memoryReservation": _mebibytes(
            member(service, "mem_reservation") or member(service, "deploy", "resources", "reservations", "memory")
        ),
        "cpu": _units(member(service, "cpus") or member(service, *limits, "cpus")) or member(service, "cpu_shares"),
        "stopTimeout": seconds(member(service, "stop_grace_period")),
        "dockerLabels": _labels(member(service, "labels")),
        "logConfiguration": _log(member(service, "logging")),
        "firelensConfiguration": _firelens(member(service, "x-aws-firelens")),
        **{key: string(node) for written, key in _TEXTS.items() if (node := member(service, written))},
        **{key: member(service, written) for written, key in _FLAGS.items()},
    }
    return obj(service, members)


def _built(build: Node | None) -> Node | None:
    return None if build is None else unknown(build)


def _named(node: Node | None) -> Iterator[tuple[Node, Node]]:
    """A map, or a list of ``NAME=VALUE``; a name alone has a value that is open."""
    yield from entries(node)
    for item in node.items if node is not None else ():
        name, sign, value = item.value.partition("=") if isinstance(item.value, str) else ("", "", "")
        if name:
            yield leaf(item, name), leaf(item, value if sign else UNKNOWN)


def _environment(service: Node) -> Node | None:
    """The variables; open if some stand in files or cannot be told."""
    written, files = member(service, "environment"), member(service, "env_file")
    if written is None:
        return None if files is None else unknown(files)
    if written.value is UNKNOWN:
        return written
    more = [unknown(item) for item in written.items if item.value is UNKNOWN]
    more += [unknown(files)] if files else []
    return array(written, [*pairs(_named(written)), *more])


def _labels(node: Node | None) -> Node | None:
    return None if node is None else obj(node, {str(name.value): string(value) for name, value in _named(node)})


def _dependencies(node: Node | None) -> Node | None:
    if node is None or node.value is UNKNOWN:
        return node
    if node.items:
        started = [leaf(item, "START") for item in node.items]
        both = zip(node.items, started, strict=True)
        return array(node, [obj(item, {"containerName": string(item), "condition": start}) for item, start in both])
    return array(node, [_dependency(name, found) for name, found in entries(node)])


def _dependency(name: Node, found: Node) -> Node:
    condition = member(found, "condition") or leaf(name, "service_started")
    if isinstance(condition.value, str):
        condition = leaf(condition, _CONDITIONS.get(condition.value, condition.value))
    return obj(name, {"containerName": name, "condition": condition})


def _each(node: Node | None, read: Any) -> Node | None:
    if node is None or not node.items:
        return node
    found = [read(item) for item in node.items]
    return array(node, [item for item in found if item is not None])


def _port(item: Node) -> Node:
    if item.members:
        target, published = member(item, "target"), member(item, "published")
        members = {"containerPort": _whole(target), "hostPort": _whole(published), "protocol": member(item, "protocol")}
        return obj(item, members)
    found = _PORT.fullmatch(str(item.value)) if isinstance(item.value, str | int) else None
    if found is None:
        return unknown(item)  # a range, or a variable
    host, port, protocol = found.groups()
    return obj(
        item,
        {
            "containerPort": leaf(item, int(port)),
            "hostPort": leaf(item, int(host)) if host else None,
            "protocol": leaf(item, protocol) if protocol else None,
        },
    )


def _whole(node: Node | None) -> Node | None:
    """A number, which may be written as a text."""
    if node is None or not isinstance(node.value, str):
        return node
    return leaf(node, int(node.value)) if re.fullmatch("[0-9]{1,5}", node.value) else unknown(node)


def _mount(item: Node) -> Node | None:
    """A mount point; None for a volume without a name, which ECS does not have."""
    source, target, mode = _parts(item)
    if item.value is UNKNOWN:
        return item
    if not source or not target:
        return None
    read_only = member(item, "read_only") or (leaf(item, True) if "ro" in mode.split(",") else None)
    at = member(item, "source") or item
    return obj(item, {"sourceVolume": leaf(at, source), "containerPath": leaf(item, target), "readOnly": read_only})


def _parts(item: Node) -> tuple[str, str, str]:
    """Source, target and mode of an entry of ``volumes``; empty where they are absent."""
    if item.members:
        source, target = (member(item, key) for key in ("source", "target"))
        texts = [node.value if node is not None and isinstance(node.value, str) else "" for node in (source, target)]
        return texts[0], texts[1], ""
    parts = item.value.split(":") if isinstance(item.value, str) else []
    return (parts[0], parts[1], ":".join(parts[2:])) if len(parts) > 1 else ("", "", "")


def _volumes(root: Node, services: Node) -> list[Node]:
    """The task's volumes: those of the file, and what services mount of the host."""
    found = {str(name.value): obj(name, {"name": name}) for name, _ in entries(member(root, "volumes"))}
    for _, service in entries(services):
        for item in getattr(member(service, "volumes"), "items", ()):
            source = _parts(item)[0]
            if source.startswith((".", "/", "~")) and source not in found:
                path = leaf(item, source)
                found[source] = obj(item, {"name": path, "host": obj(item, {"sourcePath": path})})
    return list(found.values())


def _volumes_from(item: Node) -> Node | None:
    if not isinstance(item.value, str):
        return unknown(item)
    name, _, mode = item.value.partition(":")
    read_only = leaf(item, True) if mode == "ro" else None
    return None if name == "container" else obj(item, {"sourceContainer": leaf(item, name), "readOnly": read_only})


def _mebibytes(node: Node | None) -> Node | None:
    """A size in MiB, at least one."""
    if node is None:
        return None
    found = _SIZE.fullmatch(str(node.value)) if isinstance(node.value, str | int | float) else None
    if found is None:
        return unknown(node)
    return leaf(node, max(int(float(found[1]) * _BYTES[found[2].lower()] / 1024**2), 1))


def _units(node: Node | None) -> Node | None:
    """Processors as units, of which one has 1024."""
    if node is None:
        return None
    found = _CPUS.fullmatch(str(node.value)) if isinstance(node.value, str | int | float) else None
    return unknown(node) if found is None else leaf(node, int(float(found[0]) * 1024))


def _log(node: Node | None) -> Node | None:
    if node is None or not node.members:
        return node
    driver = member(node, "driver")
    return obj(node, {"logDriver": driver or unknown(node), "options": strings(member(node, "options"))})


def _firelens(node: Node | None) -> Node | None:
    if node is None or not node.members:
        return node
    return obj(node, {"type": member(node, "type"), "options": strings(member(node, "options"))})
