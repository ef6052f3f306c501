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
        for container in task:
            if (container.routes or container.is_agent) and container.essential is False:
                yield Hit(container.at("essential"), f"'{container.name}' may end without ending the task")
