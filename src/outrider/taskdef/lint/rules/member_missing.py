"""Members that must be there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.members import REQUIRED, walk
from outrider.taskdef.view import Task

_ELSEWHERE: Final = frozenset({"HealthCheck", "FirelensConfiguration"})
"""What rules of their own are about."""


class MemberMissing(Rule):
    """An object without a member that it must have."""

    id = "member-missing"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses an object without a member that it must have."
    fix = "add it"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for path, value, kind in walk(task.value):
            if not isinstance(value, dict) or kind in _ELSEWHERE:
                continue
            for name in REQUIRED.get(kind, "").split():
                if value.get(name) is None:
                    yield Hit(path, f"'{name}' is missing{_holder(path)}", f"add {name}")


def _holder(path: tuple[str | int, ...]) -> str:
    names = [step for step in path if isinstance(step, str)]
    return f" in {names[-1]}" if names else ""
