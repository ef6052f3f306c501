"""Network modes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

MODES: Final = ("awsvpc", "bridge", "host", "none", "default")
"""``default`` is what Windows has for bridge."""


class NetworkModeUnknown(Rule):
    """A network mode that ECS does not know."""

    id = "network-mode-unknown"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a network mode that it does not know."
    fix = "write awsvpc, bridge, host or none"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if task.network_mode and task.network_mode not in MODES and not task.fargate:
            yield Hit(task.at("networkMode"), f"ECS has no networkMode '{task.network_mode}'")
