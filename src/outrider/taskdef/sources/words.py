"""What Compose files and Copilot's manifests say in the same way, as ECS spells it."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable
from typing import Final

from outrider.taskdef.jsontree import Node
from outrider.taskdef.sources.nodes import array, entries, leaf, member, obj, unknown

_DURATION: Final = re.compile(
    r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6}(?:\.[0-9]{1,6})?)s)?(?:([0-9]{1,6})ms)?"
)


def string(node: Node) -> Node:
    """A text; a number or a boolean as its text."""
    if isinstance(node.value, str):
        return node
    if isinstance(node.value, bool):
        return leaf(node, "true" if node.value else "false")
    return leaf(node, str(node.value)) if isinstance(node.value, int | float) else unknown(node)


def strings(node: Node | None) -> Node | None:
    """An object whose members are texts."""
    return (
        obj(node, {str(name.value): string(child) for name, child in entries(node)}) if node and node.members else node
    )


def arguments(node: Node | None) -> Node | None:
    """A command line: an array, or a text that is cut as a shell does."""
    if node is None or not isinstance(node.value, str):
        return array(node, [string(item) for item in node.items]) if node and node.items else node
    try:
        return array(node, [leaf(node, word) for word in shlex.split(node.value)])
    except ValueError:
        return unknown(node)


def pairs(found: Iterable[tuple[Node, Node]], value: str = "value") -> list[Node]:
    """Objects with a name and a value; a value that is null comes from elsewhere."""
    return [obj(Node(name.start, child.end, {}), {"name": name, value: string(child)}) for name, child in found]


def health_check(node: Node | None, command: str) -> Node | None:
    """A health check, whose command is called so."""
    if node is None or not node.members:
        return node
    test = member(node, command)
    if member(node, "disable") is not None or (test and test.value in ("NONE", ["NONE"])):
        return None
    if test is not None and isinstance(test.value, str):
        test = array(test, [leaf(test, "CMD-SHELL"), test])
    seconds_of = {"interval": "interval", "timeout": "timeout", "startPeriod": "start_period"}
    times = {name: seconds(member(node, written)) for name, written in seconds_of.items()}
    return obj(node, {"command": test, "retries": member(node, "retries"), **times})


def seconds(node: Node | None) -> Node | None:
    """A duration such as ``1m30s`` in whole seconds."""
    if node is None or not isinstance(node.value, str):
        return node
    found = _DURATION.fullmatch(node.value)
    if found is None or not node.value:
        return unknown(node)
    hours, minutes, rest, thousandths = (float(part or 0) for part in found.groups())
    return leaf(node, math.ceil(hours * 3600 + minutes * 60 + rest + thousandths / 1000))
