"""The types of members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.membertypes import wrong_types
from outrider.taskdef.view import Task


class MemberType(Rule):
    """A value of another type than ECS takes: a string for a number, an object for an array."""

    id = "member-type"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a member of another type than its own."
    fix = "write it as the API reference has it"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for path, message, fix in wrong_types(dict(task.value)):
            name, _, rest = message.partition(" ")
            yield Hit(path, f"'{name}' {rest}", fix)
