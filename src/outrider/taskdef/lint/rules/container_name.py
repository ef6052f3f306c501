"""Names of containers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

LONGEST: Final = 255
_ODD: Final = re.compile(r"[^A-Za-z0-9_-]")


class ContainerName(Rule):
    """A name with characters that ECS does not take, or too long."""

    id = "container-name"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition takes letters, digits, hyphens and underscores, up to 255 of them."
    fix = "rename the container, also where dependsOn, links and volumesFrom name it"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            name = container.name
            odd = _ODD.search(name)
            if odd:
                yield Hit(container.at("name"), f"the name '{name[:60]}' has the character {odd[0]!r}")
            elif len(name) > LONGEST:
                yield Hit(container.at("name"), f"the name '{name[:60]}…' has {len(name)} characters")
