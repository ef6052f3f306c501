"""What the network mode awsvpc does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class AwsvpcParameter(Rule):
    """Parameters of a network of the host."""

    id = "awsvpc-parameter"
    level: ClassVar[Level] = "error"
    why = (
        "The containers of the task share one network of their own, and RegisterTaskDefinition refuses these "
        "parameters with awsvpc."
    )
    fix = "remove it; containers of the task reach each other on 127.0.0.1"
    url = "https://github.com/labd/ecs-deplojo/issues/26"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if task.network_mode != "awsvpc" or task.fargate:  # fargate-parameter tells it there
            return
        for container in task:
            for key in ("extraHosts", "hostname", "links"):
                if container.texts(key) or container.text(key):
                    yield Hit(container.at(key), f"{container.called} has {key}, which awsvpc does not have")
