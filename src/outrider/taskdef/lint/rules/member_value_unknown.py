"""Members that take a few values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.members import ENUMERATIONS, walk
from outrider.taskdef.view import Task


class MemberValueUnknown(Rule):
    """A value that ECS does not know, where it knows a few."""

    id = "member-value-unknown"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a value that it does not know."
    fix = "write one of the values of the API reference"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for path, value, kind in walk(task.value):
            for name, text in value.items() if isinstance(value, dict) else ():
                known = ENUMERATIONS.get((kind, name), "").split()
                if known and isinstance(text, str) and text.lower() not in [word.lower() for word in known]:
                    yield Hit((*path, name), f"'{name}' is '{text[:60]}'", f"write {' or '.join(known)}")
