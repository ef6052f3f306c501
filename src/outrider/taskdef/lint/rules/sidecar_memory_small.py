"""Memory of the log router and the agent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.formats.values import size
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import is_fluent_bit, settings
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.agent_key_missing import is_vendors
from outrider.taskdef.view import Container, Task

_ROUTER: Final = 100
"""MiB that AWS's guide gives for a typical router."""
_AGENT: Final = 100
"""MiB that the vendor's agent reserves; its limit is 500."""


class SidecarMemorySmall(Rule):
    """A hard limit below what the container is known to need."""

    id = "sidecar-memory-small"
    level: ClassVar[Level] = "warning"
    why = (
        "The container is killed when it reaches the limit, at the latest when a destination is slow and logs pile up."
    )
    fix = "write a larger memory, or memoryReservation in its place"
    url = "https://github.com/aws-samples/amazon-ecs-firelens-examples/tree/mainline/examples/fluent-bit/oomkill-prevention"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            limit = container.number("memory")
            needed, what = _needed(task, container)
            if limit is not None and limit < needed:
                told = f"{container.called} may use {limit} MiB, and {what} needs {needed}"
                yield Hit(container.at("memory"), told)


def _needed(task: Task, container: Container) -> tuple[int, str]:
    """MiB, and what needs them."""
    if is_vendors(container):
        return _AGENT, "the agent"
    if not container.routes or not is_fluent_bit(task):
        return 0, ""
    for setting in settings(container):
        if setting.section == "input" and setting.key.lower() == "mem_buf_limit":
            try:
                doubled = 2 * size(setting.value) >> 20
            except ValueError:
                break
            return max(_ROUTER, doubled), f"a router with Mem_Buf_Limit {setting.value}"
    return _ROUTER, "a log router"
