"""What the log driver's queue costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.firelens.options import BUFFER_LIMIT
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.buffer_limit_invalid import MOST, lines
from outrider.taskdef.view import Container, Task

POINTER: Final = 8
"""Bytes that Docker takes for each place in the queue before anything waits there."""
LINE: Final = 200
"""Bytes of a log line, as an estimate."""


class BufferLimitMemory(Rule):
    """Queues that may fill more memory than the task has for them."""

    id = "buffer-limit-memory"
    level: ClassVar[Level] = "warning"
    why = (
        "What waits in the queue is in the memory of the task, beside its containers, and a task without room"
        " is killed."
    )
    fix = "write a smaller log-driver-buffer-limit, or give the task more memory"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-docker-buffer-limit.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        limits = [
            (container, size)
            for container in task.senders
            if (size := lines(container.options.text(BUFFER_LIMIT) or "")) is not None and size <= MOST
        ]
        if not limits:
            return
        last = limits[-1][0].options.at(BUFFER_LIMIT)
        whole = sum([size for _, size in limits])
        needed, room = whole * (POINTER + LINE) >> 20, _room(task)
        if room is not None and needed > room:
            told = f"a queue of {whole} lines of {LINE} bytes needs {needed} MiB, and the task has {max(room, 0)} left"
            yield Hit(last, told)
        elif whole > MOST and not any(_is_limited(container) for container, _ in limits):
            told = f"the queues of the task hold {whole} lines, and without container memory the most is {MOST}"
            yield Hit(last, told)


def _is_limited(container: Container) -> bool:
    return container.has("memory") or container.has("memoryReservation")


def _room(task: Task) -> int | None:
    """MiB of the task that its containers have not reserved; None where that is not known."""
    size = task.units("memory")
    if size is None or not task.whole:
        return None
    return size - sum([container.number("memoryReservation") or container.number("memory") or 0 for container in task])
