"""Where a message of several lines begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class AwslogsMultilineTwice(Rule):
    """Both ways to say it."""

    id = "awslogs-multiline-twice"
    level: ClassVar[Level] = "warning"
    why = "Of the two, awslogs-datetime-format counts, and the other one is ignored."
    fix = "keep one of awslogs-datetime-format and awslogs-multiline-pattern"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            options = container.options
            both = options.has("awslogs-datetime-format") and options.has("awslogs-multiline-pattern")
            if container.driver == "awslogs" and both:
                told = f"{container.called} has awslogs-datetime-format too, so this pattern is ignored"
                yield Hit(options.at("awslogs-multiline-pattern"), told)
