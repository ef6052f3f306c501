"""The security groups that the services of a task definition have, where one template declares all of them. Pure."""

from __future__ import annotations

import re
from typing import Final

from outrider.taskdef import jsontree, yamltree
from outrider.taskdef.jsontree import Node
from outrider.taskdef.ports.cloudformation import referred, resources_in
from outrider.taskdef.ports.declared import items
from outrider.taskdef.ports.files import groups_in
from outrider.taskdef.ports.groups import Group
from outrider.taskdef.ports.terraform import ADDRESS
from outrider.taskdef.sources.hcltree import RESOURCE, read_resources
from outrider.taskdef.sources.nodes import member
from outrider.taskdef.sources.terraform import is_terraform

_GROUPS: Final = re.compile(r"AWS::EC2::SecurityGroup|\baws_\w*security_group")
_SERVICE: Final = "AWS::ECS::Service"
_TERRAFORM_SERVICE: Final = "aws_ecs_service"


def groups_of_services(text: str, file: str, task: str) -> list[Group]:
    """The groups in the file that a service of this task definition in it has; ``task`` is what the file calls it.

    Raises UserError with line and column where the file cannot be read.
    """
    if not task or not _GROUPS.search(text):
        return []
    if is_terraform(text, file):
        named = _of_terraform(text, file, task)
    else:
        is_json = text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")
        named = _of_template(jsontree.read_tree(text, file) if is_json else yamltree.read_tree(text, file), task)
    return [group for group in groups_in(text, file) if group.id in named] if named else []


def _of_template(root: Node, task: str) -> set[str]:
    found = set()
    for _, service in resources_in(root, _SERVICE):
        if referred(member(service, "TaskDefinition")) == task:
            groups = member(service, "NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups")
            found |= {referred(item) for item in items(groups)}
    return found - {""}


def _of_terraform(text: str, file: str, task: str) -> set[str]:
    found = set()
    for _, service in read_resources(text, file, (_TERRAFORM_SERVICE,)).members.values():
        given = member(service, "task_definition")
        if given is None or not re.search(rf"\b{RESOURCE}\.{re.escape(task)}\b", text[given.start : given.end]):
            continue
        for network in items(member(service, "network_configuration")):
            groups = member(network, "security_groups")
            if groups is not None:
                found |= set(ADDRESS.findall(text[groups.start : groups.end]))
    return found
