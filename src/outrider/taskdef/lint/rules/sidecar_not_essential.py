"""Log routers and agents that may end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class SidecarNotEssential(Rule):
    """A log router or agent whose end nobody notices."""

    id = "sidecar-not-essential"
    level: ClassVar[Level] = "note"
    why = "That is right while you test. Later the task runs on without its logs when the container ends."
    fix = 'remove "essential": false when the task is tested'
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        sidecars = [container for container in task if container.routes or container.is_agent]
        free = [container for container in sidecars if container.essential is False]
        for container in free:
            yield Hit(container.at("essential"), f"{container.called} may end without ending the task")
        for container in sidecars if free else ():
            if container.essential:
                told = f"{container.called} still ends the task when it ends, unlike {free[0].called}"
                yield Hit(container.at("name"), told, 'write "essential": false in both while you test')
