"""Security groups in a file of any form that is known. Pure."""

from __future__ import annotations

import re
from typing import Final

from outrider.model.errors import UserError
from outrider.taskdef import jsontree, yamltree
from outrider.taskdef.jsontree import place_of
from outrider.taskdef.ports.cloudformation import groups_in_template
from outrider.taskdef.ports.groups import Group, read_groups
from outrider.taskdef.ports.terraform import groups_in_plan, groups_in_terraform
from outrider.taskdef.source import Source
from outrider.taskdef.sources.terraform import is_plan, is_terraform

_BLOCK: Final = re.compile(r'^resource[ \t]+"?aws_\w+"?[ \t]', re.MULTILINE)


def groups_in(text: str, file: str) -> list[Group]:
    """The groups in a text: of EC2, or as a template declares them. Raises UserError with line and column."""
    is_json = text.lstrip("\ufeff \t\r\n")[:1] in ("", "{", "[")
    if is_terraform(text, file) or (not is_json and _BLOCK.search(text)):
        return _some(groups_in_terraform(text, file), text, file)
    root = jsontree.read_tree(text, file) if is_json else yamltree.read_tree(text, file)
    if is_plan(root.value):
        return _some(groups_in_plan(text, file, root), text, file)
    if isinstance(root.value, dict) and isinstance(root.value.get("Resources"), dict):
        return _some(groups_in_template(text, file, root), text, file)
    return read_groups(Source(text, file, lambda *_: root))


def _some(found: list[Group], text: str, file: str) -> list[Group]:
    if not found:
        fix = "give the file that declares one, or what 'aws ec2 describe-security-groups' prints"
        raise UserError("the template has no security group", place_of(text, 0, file), fix=fix)
    return found
