"""A task definition and its policies with the stack's own values in place of the description's. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from outrider.export.description import Description
from outrider.export.kinds.cloudformation.blocks import Function, attribute, block, ref, sub
from outrider.export.tasks import arn, policies, role_arn, token_secret
from outrider.taskdef.rights import EXECUTION, TASK
from outrider.taskdef.shape import TaskDefinition
from outrider.taskdef.templates import spelled

ROLES: Final = {TASK: "TaskRole", EXECUTION: "ExecutionRole"}
_SECRET: Final = re.compile(r"arn:aws[a-z-]*:secretsmanager:[^:]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}")


def token_parameter(description: Description) -> str:
    """The stack's parameter for the join token, in YAML."""
    secret = token_secret(description)
    if ":secretsmanager:" in secret:
        pattern = _SECRET.pattern
        default = {"Default": secret} if _SECRET.fullmatch(secret) else {}
        what = "ARN of the secret in Secrets Manager that holds the join token, with the six characters at its end."
    else:
        pattern, default = "/[A-Za-z0-9_./-]+", {"Default": f"/{secret.partition(':parameter/')[2] or secret[1:]}"}
        what = "Name of the SecureString in SSM's parameter store that holds the join token."
    declared = {"Type": "String", **default, "AllowedPattern": f"^{pattern}$", "Description": what}
    return block({"JoinToken": declared}, 2)


def _token_arn(description: Description) -> Function:
    if ":secretsmanager:" in token_secret(description):
        return ref("JoinToken")
    return sub("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${JoinToken}")


def properties(task: TaskDefinition, description: Description, groups: dict[str, str]) -> str:
    """The properties of the task definition; ``groups`` are log groups with the resource that stands for each."""
    known = {
        description.server: ref("Server"),
        token_secret(description): _token_arn(description),
        description.region: ref("AWS::Region"),
        **{role_arn(description, which): attribute(f"{name}.Arn") for which, name in ROLES.items()},
        **{group: ref(name) for group, name in groups.items()},
    }
    family = task["family"]  # may be named like a region
    return block({**_replaced(spelled(task), lambda text: known.get(text, text)), "Family": family}, 6)


def roles(task: TaskDefinition, description: Description, groups: dict[str, str]) -> dict[str, str]:
    """The policy document of each role that needs rights, by the role's resource."""
    token = _arn_of(token_secret(description), description)
    here = {
        f":{description.region}:": ":${AWS::Region}:",
        f":{description.account}:": ":${AWS::AccountId}:",
        **{f":{group}:": f":${{{name}}}:" for group, name in groups.items()},
    }

    def change(text: str) -> Any:
        if text in (token, f"{token}-??????"):
            return _token_arn(description)
        if not text.startswith("arn:") or ":ecr:" in text:  # the image stays where it is
            return text
        for old, new in here.items():
            text = text.replace(old, new, 1)
        return sub(re.sub("^arn:[a-z-]+:", "arn:${AWS::Partition}:", text))

    made = policies(task, description)
    return {ROLES[which]: block(_replaced(document, change), 12) for which, document in made.items()}


def _arn_of(secret: str, description: Description) -> str:
    """The ARN of a secret or a parameter, without what names a key inside of a secret."""
    if secret.startswith("arn:"):
        return ":".join(secret.split(":")[:7])
    return arn(description, "ssm", f"parameter{secret}")


def _replaced(value: Any, change: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(member, change) for name, member in value.items()}
    if isinstance(value, list):
        return [_replaced(item, change) for item in value]
    return change(value) if isinstance(value, str) else value
