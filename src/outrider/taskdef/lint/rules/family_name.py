"""The family's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.placeholder import is_placeholder
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

LONGEST: Final = 255
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")


class FamilyName(Rule):
    """A family with characters that ECS does not take, or too long."""

    id = "family-name"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition takes letters, digits, hyphens and underscores, up to 255 of them."
    fix = "rename the family, also where services name it"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        name = task.text("family")
        if name is None or is_placeholder(name) or _NAME.fullmatch(name):
            return
        told = (
            f"has {len(name)} characters" if _NAME.match(name) and len(name) > LONGEST else "is no name that ECS takes"
        )
        yield Hit(task.at("family"), f"the family '{name[:60]}' {told}")
