"""Terraform's task definitions: ``aws_ecs_task_definition`` in its language, and in plans and states as JSON.

Terraform's names of what stands beside the containers are read as ECS's; ``container_definitions`` has ECS's own.
Source: the AWS provider's documentation of the resource, and Terraform's JSON output format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final, TypeAlias

from outrider.model.errors import UserError
from outrider.taskdef.conversions import plain
from outrider.taskdef.jsontree import Node, place_of
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.source import Source, TaskSource
from outrider.taskdef.sources import hcltree
from outrider.taskdef.sources.hcltree import RESOURCE
from outrider.taskdef.sources.jsontext import json_at, json_of, json_template_at
from outrider.taskdef.sources.nodes import array, entries, leaf, member, obj, unknown
from outrider.taskdef.sources.reading import CONTAINERS, Reading, ReadOnlySource

Neighbour: TypeAlias = Callable[[str, str], tuple[str, str] | None]
"""The text and the name of a file that a file names by a path; None if it is not to be read. Raises UserError."""

_FILE: Final = re.compile(rf'^resource[ \t]+"?{RESOURCE}"?[ \t]', re.MULTILINE)
_MODULE_PATH: Final = re.compile(r'"\$\{ *path\.module *\}/([^"\\$%{}]+)"')
_FIRST_LINE: Final = re.compile(r"[^\n]*\n")
_TASK: Final = (
    *("family", "cpu", "memory", "network_mode", "ipc_mode", "pid_mode", "requires_compatibilities"),
    *("task_role_arn", "execution_role_arn", "enable_fault_injection", "ephemeral_storage", "runtime_platform"),
)
_ARRAYS: Final = {
    "volume": "volumes",
    "placement_constraints": "placementConstraints",
    "inference_accelerator": "inferenceAccelerators",
}
_LISTS: Final = ("requires_compatibilities",)
_VERBATIM: Final = frozenset({"driver_opts", "labels"})
"""Members whose own members are the user's words."""
_NAMES: Final = {"configure_at_launch": "configuredAtLaunch", "size_in_gib": "sizeInGiB"}


def is_terraform(text: str, file: str) -> bool:
    """Whether it is Terraform's language: by the file's name, else by what stands there."""
    return file.endswith((".tf", ".tofu")) or _FILE.search(text) is not None


def tasks_in_terraform(text: str, file: str, neighbour: Neighbour) -> list[TaskSource]:
    """The task definitions in a file of Terraform's. Raises UserError with line and column."""
    root = hcltree.read_tree(text, file)
    source = ReadOnlySource(text, file, lambda *_: root)
    bodies = root.members
    if not bodies:
        fix = "give the file that has one, or what 'terraform show -json' prints of a plan"
        raise UserError(f"the file has no {RESOURCE}", place_of(text, 0, file), fix=fix)
    found: list[TaskSource] = []
    for name, (_, body) in bodies.items():
        containers, other = _containers(source, body, neighbour)
        found.append(_checked(Reading(source, (), _task(body, containers), "Terraform", name, other)))
    return found


def is_plan(value: Any) -> bool:
    """Whether it is what ``terraform show -json`` prints."""
    return isinstance(value, dict) and "format_version" in value and ("planned_values" in value or "values" in value)


def tasks_in_plan(text: str, file: str, root: Node) -> list[TaskSource]:
    """The task definitions in a plan or a state; ``root`` is the JSON. Raises UserError with line and column."""
    source = ReadOnlySource(text, file, lambda *_: root)
    module = root_module(root)
    resources = list(resources_of(module, (RESOURCE,))) if module else []
    if not resources:
        fix = "give the plan of a configuration that has one"
        raise UserError(f"the plan has no {RESOURCE}", place_of(text, root.start, file), fix=fix)
    later = _open_after(root)
    found: list[TaskSource] = []
    for resource in resources:
        values = member(resource, "values") or obj(resource, {})
        address = _text(member(resource, "address"))
        values = _opened(values, later.get(address))
        written = member(values, "container_definitions")
        containers = written
        if written is not None and isinstance(written.value, str):
            containers = json_of(written.value, file, text, written)
        found.append(_checked(Reading(source, (), _task(values, containers), "a plan", address)))
    return found


def _checked(found: Reading) -> Reading:
    if CONTAINERS not in found.root.members:
        fix = "write container_definitions = jsonencode([…])"
        raise UserError("container_definitions is missing", found.place(()), fix=fix)
    _ = found.task
    return found


def _text(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def root_module(root: Node) -> Node | None:
    """What a plan or a state is of."""
    return member(root, "planned_values", "root_module") or member(root, "values", "root_module")


def resources_of(module: Node, types: Collection[str]) -> Iterator[Node]:
    """The resources of these types in a module and in those in it."""
    waiting = [module]
    while waiting:
        here = waiting.pop()
        for resource in getattr(member(here, "resources"), "items", ()):
            managed = _text(member(resource, "mode")) in ("", "managed")
            if managed and _text(member(resource, "type")) in types:
                yield resource
        waiting += reversed(getattr(member(here, "child_modules"), "items", ()))


def _open_after(root: Node) -> dict[str, Node]:
    """What a plan says that it does not know, by address."""
    changes = getattr(member(root, "resource_changes"), "items", ())
    found = {_text(member(change, "address")): member(change, "change", "after_unknown") for change in changes}
    return {address: node for address, node in found.items() if node is not None}


def _opened(value: Node, later: Node | None) -> Node:
    """A value with what is not known in it before the plan is applied."""
    if later is None or later.value is True:
        return value if later is None else unknown(value)
    if value.items:
        after = [*later.items, *[None] * len(value.items)]
        return array(value, [_opened(item, after[at]) for at, item in enumerate(value.items)])
    members = dict(value.members)
    for name, (_, node) in later.members.items():
        if name in members or node.value is True:
            start, found = members.get(name, (value.start, value))
            members[name] = (start, _opened(found, node))
    if not members:
        return value
    return Node(value.start, value.end, {name: node.value for name, (_, node) in members.items()}, members=members)


def _containers(source: Source, body: Node, neighbour: Neighbour) -> tuple[Node | None, Source | None]:
    """The containers, and the file that they stand in if it is another."""
    written = member(body, "container_definitions")
    if written is None:
        return None, None
    for function, (_, argument) in written.members.items() if written.value is UNKNOWN else ():
        if function == "jsonencode":
            return argument, None
        return _included(source, written, function, argument, neighbour)
    text, file = source.text, source.file
    if text.startswith("<<", written.start):
        first = _FIRST_LINE.match(text, written.start)
        start = first.end() if first else written.start
        return json_template_at(text, file, start, text.rindex("\n", start - 1, written.end) + 1), None
    if isinstance(written.value, str):
        return json_of(written.value, file, text, written), None
    return written, None


def _included(
    source: Source, call: Node, function: str, argument: Node, neighbour: Neighbour
) -> tuple[Node | None, Source | None]:
    module_path = _MODULE_PATH.fullmatch(source.text, argument.start, argument.end)
    path = module_path[1] if module_path else argument.value
    if not isinstance(path, str):
        return unknown(call), None
    try:
        found = neighbour(source.file, path)
    except UserError as error:
        raise UserError(error.message, place_of(source.text, call.start, source.file), fix=error.fix) from error
    if found is None:
        return unknown(call), None
    read = json_template_at if function == "templatefile" else json_at
    root = read(*found, 0, len(found[0]))
    return root, ReadOnlySource(*found, lambda *_: root)


def _task(body: Node, containers: Node | None) -> Node:
    """A task definition of Terraform's attributes, as ECS spells it."""
    members = {_camel(name): _value(node, name) for name in _TASK if (node := _given(body, name))}
    for name, plural in _ARRAYS.items():
        blocks = _given(body, name)
        if blocks is not None:
            items = [_volume(item) if name == "volume" else _value(item, "") for item in blocks.items]
            members[plural] = unknown(blocks) if blocks.value is UNKNOWN else array(blocks, items)
    tags = _given(body, "tags")
    if tags is not None:
        members["tags"] = _pairs(tags, "key")
    proxy = _given(body, "proxy_configuration")
    if proxy is not None:
        members["proxyConfiguration"] = _proxy(proxy)
    return obj(body, {**members, CONTAINERS: containers})


def _given(holder: Node, name: str) -> Node | None:
    """An attribute or a block that has a value; Terraform's provider takes empty ones for none."""
    node = member(holder, name)
    return None if node is None or node.value in ("", []) else node


def _value(node: Node, name: str) -> Node:
    """An attribute's value, or that of its one block, in ECS's spelling."""
    if node.value is UNKNOWN:
        return unknown(node)
    if name in _VERBATIM:
        return obj(node, {str(key.value): leaf(inner, plain("", inner.value)) for key, inner in entries(node)})
    if name in _LISTS or isinstance(node.value, dict | list):
        return _inner(node, name)
    return leaf(node, plain(_camel(name), node.value))


def _inner(node: Node, name: str) -> Node:
    if name in _LISTS or not (node.members or node.items):
        return node
    if node.items:
        return _value(node.items[0], name)
    given = {key: inner for key in node.members if (inner := _given(node, key))}
    return obj(node, {_camel(key): _value(inner, key) for key, inner in given.items()})


def _volume(node: Node) -> Node:
    path = _given(node, "host_path")
    found = _value(node, "")
    if path is None or found.value is UNKNOWN:
        return found
    members = {name: inner for name, (_, inner) in found.members.items() if name != "hostPath"}
    return obj(node, {**members, "host": obj(path, {"sourcePath": path})})


def _proxy(node: Node) -> Node:
    found = _value(node, "")
    properties = member(node.items[0] if node.items else node, "properties")
    if properties is None or found.value is UNKNOWN:
        return found
    members = {name: inner for name, (_, inner) in found.members.items()}
    return obj(found, {**members, "properties": _pairs(properties, "name")})


def _pairs(node: Node, key: str) -> Node:
    """A map as ECS has it: an array of objects with a name and a value."""
    if node.value is UNKNOWN:
        return unknown(node)
    return array(node, [obj(name, {key: name, "value": _value(inner, "")}) for name, inner in entries(node)])


def _camel(name: str) -> str:
    return _NAMES.get(name) or re.sub(r"_(\w)", lambda found: found[1].upper(), name)
