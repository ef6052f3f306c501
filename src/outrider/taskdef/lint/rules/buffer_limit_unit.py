"""The unit of the log driver's queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.firelens.options import BUFFER_LIMIT
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.buffer_limit_invalid import lines
from outrider.taskdef.view import Task


class BufferLimitUnit(Rule):
    """A limit that is written as a size."""

    id = "buffer-limit-unit"
    level: ClassVar[Level] = "warning"
    why = "The value counts log lines, not bytes, so 8m is a queue of eight million lines."
    fix = "write the number of lines that may wait"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-docker-buffer-limit.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.senders:
            text = container.options.text(BUFFER_LIMIT) or ""
            if lines(text) is not None and not text.isdecimal():
                told = f"{BUFFER_LIMIT} is {text}, which is {lines(text)} lines"
                yield Hit(container.options.at(BUFFER_LIMIT), told)
