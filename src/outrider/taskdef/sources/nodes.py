"""Trees put together of parts of other trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from outrider.taskdef.jsontree import Node, Value
from outrider.taskdef.shape import UNKNOWN, Path


def leaf(at: Node, value: Value) -> Node:
    """Another value in place of what is written there."""
    return Node(at.start, at.end, value)


def unknown(at: Node) -> Node:
    """Something that is open, written there."""
    return Node(at.start, at.end, UNKNOWN)


def array(at: Node, items: Iterable[Node]) -> Node:
    """An array in place of what is written there."""
    kept = tuple(items)
    return Node(at.start, at.end, [item.value for item in kept], items=kept)


def obj(at: Node, members: Mapping[str, Node | None]) -> Node:
    """An object in place of what is written there; members that are None are left out."""
    kept = {key: node for key, node in members.items() if node is not None}
    return Node(
        at.start,
        at.end,
        {key: node.value for key, node in kept.items()},
        members={key: (node.start, node) for key, node in kept.items()},
    )


def member(node: Node | None, *path: str) -> Node | None:
    """What stands at a path of names; None for what is absent or null."""
    for key in path:
        node = node.members[key][1] if node is not None and key in node.members else None
    return None if node is None or node.value is None else node


def find(root: Node, path: Path) -> Node:
    """What stands at a path, or its nearest ancestor that is there."""
    node = root
    for step in path:
        if isinstance(step, str) and step in node.members:
            node = node.members[step][1]
        elif isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node


def entries(node: Node | None) -> Iterator[tuple[Node, Node]]:
    """The members of an object, each name with its place, which reaches up to the value."""
    for name, (start, child) in node.members.items() if node is not None else ():
        yield Node(start, max(child.start, start), name), child


def with_texts(node: Node, change: Callable[[str], Value]) -> Node:
    """The same tree with every string changed; names stay."""
    if node.items:
        return array(node, [with_texts(item, change) for item in node.items])
    if not node.members:
        return leaf(node, change(node.value)) if isinstance(node.value, str) else node
    members = {name: (start, with_texts(child, change)) for name, (start, child) in node.members.items()}
    return Node(node.start, node.end, {name: child.value for name, (_, child) in members.items()}, members=members)
