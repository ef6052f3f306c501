"""The names of roles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.placeholder import is_placeholder
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_ROLE: Final = re.compile(r"arn:[!-~]+|[A-Za-z0-9_+=,.@-]{1,64}")


class RoleInvalid(Rule):
    """A role that is neither an ARN nor the name of a role."""

    id = "role-invalid"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a role that is neither an ARN nor a role's name."
    fix = "write the role's ARN: arn:aws:iam::ACCOUNT:role/NAME"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for key in ("executionRoleArn", "taskRoleArn"):
            role = task.text(key)
            if role and not is_placeholder(role) and not _ROLE.fullmatch(role):
                yield Hit(task.at(key), f"'{role[:60]}' is no role")
