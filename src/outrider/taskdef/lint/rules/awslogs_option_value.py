"""Values of options of awslogs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

VALUES: Final = (
    ("awslogs-create-group", re.compile("true", re.IGNORECASE), 'write "true", or leave the option out'),
    ("mode", re.compile("blocking|non-blocking"), "write blocking or non-blocking"),
    ("max-buffer-size", re.compile(r"[0-9]+(?:\.[0-9]+)? ?[kmgtp]?i?b?", re.IGNORECASE), "write a size such as 25m"),
)


class AwslogsOptionValue(Rule):
    """Values that the log driver does not take."""

    id = "awslogs-option-value"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses the value, or the container does not start with it."
    fix = "write another value"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            for key, pattern, fix in VALUES if container.driver == "awslogs" else ():
                value = container.options.text(key)
                if value is not None and not pattern.fullmatch(value):
                    yield Hit(container.options.at(key), f"{key} is '{value[:60]}'", fix)
