"""Names of members."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.members import MEMBERS, TASK, walk
from outrider.taskdef.shape import READ_ONLY, UNKNOWN
from outrider.taskdef.view import Task

MOST: Final = 20
"""Members of one object that are told."""


class MemberUnknown(Rule):
    """A member that the API does not have."""

    id = "member-unknown"
    level: ClassVar[Level] = "warning"
    why = (
        "The AWS command line refuses the member, and other tools leave it out without a word, so what it "
        "asks for does not happen."
    )
    fix = "remove it, or correct its name"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for path, value, kind in walk(task.value):
            members = MEMBERS.get(kind, {})
            names = [name for name in value if name not in members] if isinstance(value, dict) and members else []
            for name in names[:MOST]:
                if value[name] in (None, UNKNOWN) or (kind == TASK and name in READ_ONLY) or "::" in name:
                    continue
                near = get_close_matches(name[:60], members, 1)
                yield Hit((*path, name), f"ECS knows no '{name[:60]}' here", f"write {near[0]}" if near else "")
