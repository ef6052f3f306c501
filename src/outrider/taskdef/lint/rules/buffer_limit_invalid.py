"""The length of the log driver's queue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.firelens.options import BUFFER_LIMIT
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

MOST: Final = 536_870_911
_SIZE: Final = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?) ?([kmgtp]?)i?b?", re.IGNORECASE)


class BufferLimitInvalid(Rule):
    """A limit that is no number, or out of range."""

    id = "buffer-limit-invalid"
    level: ClassVar[Level] = "error"
    why = "The value is a number of log lines, from 0 to 536870911, and the task does not start with another one."
    fix = "write a number of lines, such as 1048576"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-docker-buffer-limit.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.senders:
            text = container.options.text(BUFFER_LIMIT)
            if text is None or "${" in text:
                continue
            size = lines(text)
            if size is None:
                yield Hit(container.options.at(BUFFER_LIMIT), f"{BUFFER_LIMIT} is '{text[:60]}', which is no number")
            elif size > MOST:
                yield Hit(container.options.at(BUFFER_LIMIT), f"{BUFFER_LIMIT} is {text}, and the most is {MOST}")


def lines(text: str) -> int | None:
    """The number of lines; Docker reads ``1m`` as 1048576."""
    found = _SIZE.fullmatch(text)
    return int(float(found[1]) * 1024 ** " kmgtp".index(found[2].lower() or " ")) if found else None
