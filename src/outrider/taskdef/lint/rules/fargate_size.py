"""Fargate's sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

SIZES: Final[dict[int, tuple[int, ...]]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
"""CPU units to the memory sizes in MiB that go with them."""


class FargateSize(Rule):
    """A pair of CPU and memory that Fargate does not have."""

    id = "fargate-size"
    level: ClassVar[Level] = "error"
    why = "Fargate runs tasks of certain sizes only, and RegisterTaskDefinition refuses others."
    fix = "choose cpu and memory from Fargate's table"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if not task.fargate:
            return
        for key in ("cpu", "memory"):
            if not task.has(key):
                yield Hit(task.at("requiresCompatibilities"), f"a Fargate task has no {key}", f"add {key} to the task")
        cpu, memory = task.units("cpu"), task.units("memory")
        if cpu is not None and cpu not in SIZES:
            sizes = ", ".join(map(str, SIZES))
            yield Hit(task.at("cpu"), f"Fargate has no tasks with {cpu} CPU units", f"use one of {sizes}")
        elif cpu is not None and memory is not None and memory not in SIZES[cpu]:
            fitting = next((size for size in SIZES[cpu] if size >= memory), SIZES[cpu][-1])
            yield Hit(
                task.at("memory"),
                f"Fargate has no tasks with {cpu} CPU units and {memory} MiB",
                f"write {fitting}, or choose another cpu; with {cpu} go {_told(SIZES[cpu])} MiB",
            )


def _told(sizes: tuple[int, ...]) -> str:
    if len(sizes) < 4:
        return ", ".join(map(str, sizes))
    return f"{sizes[0]} to {sizes[-1]} in steps of {sizes[1] - sizes[0]}"
