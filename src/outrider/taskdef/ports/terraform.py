"""Security groups in Terraform's files, and in plans and states as JSON. Pure.

Source: the AWS provider's documentation of the four resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from outrider.taskdef.jsontree import Node
from outrider.taskdef.ports.declared import Declared, Written, items
from outrider.taskdef.ports.groups import Group
from outrider.taskdef.ports.rule import SenderKind
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.sources.hcltree import read_resources
from outrider.taskdef.sources.nodes import leaf, member
from outrider.taskdef.sources.terraform import resources_of, root_module

_GROUPS: Final = ("aws_security_group", "aws_default_security_group")
_OLD_RULE: Final = "aws_security_group_rule"
_RULE: Final = "aws_vpc_security_group_ingress_rule"
_TYPES: Final = (*_GROUPS, _OLD_RULE, _RULE)
_SENDERS: Final[dict[str, SenderKind]] = {
    "cidr_blocks": "ipv4",
    "cidr_ipv4": "ipv4",
    "ipv6_cidr_blocks": "ipv6",
    "cidr_ipv6": "ipv6",
    "prefix_list_ids": "prefix list",
    "prefix_list_id": "prefix list",
    "security_groups": "group",
    "source_security_group_id": "group",
    "referenced_security_group_id": "group",
}
ADDRESS: Final = re.compile(r"(?:aws_security_group|aws_default_security_group)\.[A-Za-z0-9_-]+")


def groups_in_terraform(text: str, file: str) -> list[Group]:
    """The groups that a file declares, and those that it adds rules to. Raises UserError with line and column."""
    root = read_resources(text, file, _TYPES)
    return _groups(Declared(text, file), [(address, body) for address, (_, body) in root.members.items()])


def groups_in_plan(text: str, file: str, root: Node) -> list[Group]:
    """Those of what ``terraform show -json`` prints."""
    module = root_module(root)
    found = []
    for resource in resources_of(module, _TYPES) if module is not None else ():
        address, values = member(resource, "address"), member(resource, "values")
        if address is not None and values is not None and isinstance(address.value, str):
            found.append((address.value, values))
    return _groups(Declared(text, file), found)


def _groups(found: Declared, resources: list[tuple[str, Node]]) -> list[Group]:
    for address, body in resources:
        if _type(address) in _GROUPS:
            name = member(body, "name")
            rules = [_rule(item, address) for item in items(member(body, "ingress"))]
            found.add(address, rules, name.value if name is not None and isinstance(name.value, str) else "")
    for address, body in resources:
        direction = member(body, "type")
        is_old = _type(address) == _OLD_RULE
        if _type(address) == _RULE or (is_old and (direction is None or direction.value != "egress")):
            group = _group_of(found, body, address)
            found.add(group, [_rule(body, group)])
    return found.groups()


def _type(address: str) -> str:
    """The type in an address, which may begin with modules: ``module.a.aws_security_group.b[0]``."""
    known = re.findall(r"(?:^|\.)(aws_\w+)\.", address)
    return known[-1] if known else ""


def _group_of(found: Declared, rule: Node, address: str) -> str:
    node = member(rule, "security_group_id")
    if node is None:
        return f"the group of {address}"
    words = found.words(node)
    named = ADDRESS.search(words)
    return named[0] if named else words


def _rule(node: Node, group: str) -> Written | Node:
    protocol = member(node, "protocol") or member(node, "ip_protocol")
    if protocol is None:  # blocks that an expression makes
        return node
    ports = (member(node, "from_port"), member(node, "to_port"))
    return Written(node, protocol, *ports, tuple(_senders(node, group)))


def _senders(node: Node, group: str) -> Iterator[tuple[SenderKind, Node]]:
    for key, kind in _SENDERS.items():
        given: Iterable[Node] = items(member(node, key))
        yield from ((kind, sender) for sender in given if sender.value != "")
    itself = member(node, "self")
    if itself is not None and (itself.value is True or itself.value is UNKNOWN):
        yield "group", leaf(itself, group)
