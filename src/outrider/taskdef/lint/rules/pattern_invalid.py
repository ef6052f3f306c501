"""Patterns of FireLens's filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.formats.regex import Regex
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import PATTERNS
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class PatternInvalid(Rule):
    """An include-pattern or exclude-pattern that is no regular expression."""

    id = "pattern-invalid"
    level: ClassVar[Level] = "error"
    why = "The filter that ECS makes of it is refused, so the router ends when it starts, and the task with it."
    fix = "write a regular expression as Ruby has them, such as ^.*failure.*$"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-filtering-logs.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.senders:
            for key in PATTERNS:
                text = container.options.text(key)
                if text is None or "${" in text:
                    continue
                try:
                    Regex(text)
                    problem = "empty" if not text.strip() else ""
                except ValueError as error:
                    problem = str(error)
                if problem:
                    yield Hit(container.options.at(key), f"the {key} of {container.called} is {problem}")
