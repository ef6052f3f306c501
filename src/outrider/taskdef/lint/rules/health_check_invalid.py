"""The form of a health check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

FIRST: Final = ("CMD", "CMD-SHELL", "NONE")
RANGES: Final = (("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300))
_COMMAND: Final = 'write "command": ["CMD-SHELL", "…"] or ["CMD", "PROGRAM", "ARGUMENT", …]'


class HealthCheckInvalid(Rule):
    """A health check that ECS does not take."""

    id = "health-check-invalid"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses the health check."
    fix = "see the table of healthCheck in the API reference"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            health = container.part("healthCheck")
            command = health.value.get("command")
            if health.value and command in (None, []):
                yield Hit(health.path, f"the healthCheck of {container.called} has no command", _COMMAND)
            elif isinstance(command, list) and isinstance(command[0], str) and command[0] not in FIRST:
                yield Hit(health.at("command", 0), f"the command begins with '{command[0][:60]}'", _COMMAND)
            for key, least, most in RANGES:
                number = health.number(key)
                if number is not None and not least <= number <= most:
                    yield Hit(health.at(key), f"{key} is {number}", f"write {least} to {most}")
