"""The form of members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.members import walk
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.shape import UNKNOWN, kind_of
from outrider.taskdef.view import Task


class MemberType(Rule):
    """An array, an object or a plain value where ECS takes another of the three."""

    id = "member-type"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a member of another type than its own."
    fix = "write it as the API reference has it"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for path, value, kind in walk(task.value):
            if value is None or value is UNKNOWN:
                continue
            told = "an array" if kind.startswith("[") else "an object" if kind else "a plain value"
            is_one = isinstance(value, list if kind.startswith("[") else dict) if kind else not _holds_more(value)
            if not is_one:
                name = path[-1] if isinstance(path[-1], str) else f"an item of {path[-2]}"
                yield Hit(path, f"'{name}' is {told}, this is {kind_of(value)}", f"write {told}")


def _holds_more(value: object) -> bool:
    return isinstance(value, list | dict)
