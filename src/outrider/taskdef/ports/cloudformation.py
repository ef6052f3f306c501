"""Security groups in CloudFormation templates. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from outrider.taskdef.jsontree import Node
from outrider.taskdef.ports.declared import Declared, Written, items
from outrider.taskdef.ports.groups import Group
from outrider.taskdef.ports.rule import SenderKind
from outrider.taskdef.sources.nodes import member

GROUP: Final = "AWS::EC2::SecurityGroup"
_RULE: Final = "AWS::EC2::SecurityGroupIngress"
_SENDERS: Final[dict[str, SenderKind]] = {
    "CidrIp": "ipv4",
    "CidrIpv6": "ipv6",
    "SourcePrefixListId": "prefix list",
    "SourceSecurityGroupId": "group",
    "SourceSecurityGroupName": "group",
}


def groups_in_template(text: str, file: str, root: Node) -> list[Group]:
    """The groups that the template declares, and those that it adds rules to, by their names in it."""
    found = Declared(text, file)
    for name, properties in resources_in(root, GROUP):
        group_name = member(properties, "GroupName")
        rules = [_rule(item) for item in items(member(properties, "SecurityGroupIngress"))]
        found.add(name, rules, found.words(group_name) if group_name is not None else "")
    for _, properties in resources_in(root, _RULE):
        of = member(properties, "GroupId") or member(properties, "GroupName")
        found.add(referred(of) or (found.words(of) if of is not None else "?"), [_rule(properties)])
    return found.groups()


def referred(node: Node | None) -> str:
    """The resource or parameter that ``Ref`` or ``Fn::GetAtt`` names; empty for anything else."""
    value = node.value if node is not None else None
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    ((function, argument),) = value.items()
    if isinstance(argument, list) and argument:
        argument = argument[0]
    if function not in ("Ref", "Fn::GetAtt") or not isinstance(argument, str):
        return ""
    return argument.partition(".")[0]


def resources_in(root: Node, kind: str) -> Iterator[tuple[str, Node]]:
    """The resources of a type, by their names: their properties."""
    declared = member(root, "Resources")
    for name, (_, resource) in declared.members.items() if declared is not None else ():
        of, properties = member(resource, "Type"), member(resource, "Properties")
        if of is not None and of.value == kind:
            yield name, properties if properties is not None else resource


def _rule(node: Node) -> Written | Node:
    if member(node, "IpProtocol") is None:  # a function, such as Fn::If
        return node
    senders = [(kind, found) for key, kind in _SENDERS.items() if (found := member(node, key)) is not None]
    ports = (member(node, "FromPort"), member(node, "ToPort"))
    return Written(node, member(node, "IpProtocol"), *ports, tuple(senders))
