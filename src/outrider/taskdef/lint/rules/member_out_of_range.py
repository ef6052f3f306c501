"""Numbers and their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.members import RANGES, walk
from outrider.taskdef.view import Task


class MemberOutOfRange(Rule):
    """A number that is smaller or greater than ECS takes."""

    id = "member-out-of-range"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a number outside of its range."
    fix = "write a number of the range"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for path, value, kind in walk(task.value):
            for name, number in value.items() if isinstance(value, dict) else ():
                least, most = RANGES.get((kind, name), (0, 0))
                if most and type(number) is int and not least <= number <= most:
                    yield Hit((*path, name), f"'{name}' is {shown(number)}", f"write {least} to {most}")


def shown(number: int) -> str:
    """A number as a message has it."""
    return str(number) if abs(number) < 10**18 else "a number of many digits"
