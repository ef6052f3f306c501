"""The words of a health check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class HealthCheckWords(Rule):
    """A command line where words are expected, or the other way round."""

    id = "health-check-words"
    level: ClassVar[Level] = "warning"
    why = (
        "CMD runs its second word as a program, so a whole command line is not found; CMD-SHELL gives the "
        "shell its second word only."
    )
    fix = "write CMD-SHELL and the command line as one text, or CMD and each word as a text"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            health = container.part("healthCheck")
            words = [] if health.is_open("command") else health.texts("command")
            if words[:1] == ["CMD"] and len(words) == 2 and " " in words[1].strip():
                yield Hit(health.at("command", 1), f"CMD runs a program named '{words[1][:60]}'")
            elif words[:1] == ["CMD-SHELL"] and len(words) > 2:
                yield Hit(health.at("command", 2), f"CMD-SHELL does not see '{words[2][:60]}'")
