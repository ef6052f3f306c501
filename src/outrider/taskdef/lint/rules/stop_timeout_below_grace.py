"""The time that a router has to deliver the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import includes_files, is_fluent_bit, settings
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Container, Task

DEFAULT: Final = 30
"""Seconds that ECS gives a container, unless the instance says otherwise."""
_GRACE: Final = 5
_WITH_GRACE: Final = {"/fluent-bit/configs/minimize-log-loss.conf": 30}


class StopTimeoutBelowGrace(Rule):
    """A ``stopTimeout`` that ends before the router's Grace."""

    id = "stop-timeout-below-grace"
    level: ClassVar[Level] = "warning"
    why = "ECS kills the router while it still delivers, and what it had not sent is lost."
    fix = "write a stopTimeout above Grace; Fargate takes up to 120"
    url = "https://github.com/aws/aws-for-fluent-bit/blob/mainline/troubleshooting/debugging.md"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers if is_fluent_bit(task) else ():
            grace, limit = grace_of(container), container.number("stopTimeout")
            if grace is None or (limit is None and container.has("stopTimeout")):
                continue
            if grace > (DEFAULT if limit is None else limit):
                path = container.at("name" if limit is None else "stopTimeout")
                told = f"the log router {container.called} has {DEFAULT if limit is None else limit} s to stop"
                yield Hit(path, f"{told}, and its Grace is {grace} s")


def grace_of(router: Container) -> int | None:
    """Fluent Bit's Grace in seconds; None where an included file may set it."""
    for setting in settings(router):
        if setting.section == "service" and setting.key.lower() == "grace":
            return int(setting.value) if setting.value.isdecimal() and len(setting.value) < 10 else None
    included = router.firelens.part("options").text("config-file-value") or ""
    if included in _WITH_GRACE:
        return _WITH_GRACE[included]
    return None if includes_files(router) else _GRACE
