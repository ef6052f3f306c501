"""Fargate's network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


class FargateNetworkMode(Rule):
    """A Fargate task in another network mode than awsvpc."""

    id = "fargate-network-mode"
    level: ClassVar[Level] = "error"
    why = "Fargate has the network mode awsvpc only, and RegisterTaskDefinition refuses others."
    fix = 'write "networkMode": "awsvpc"'
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"
    mends = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if not task.fargate:
            return
        if not task.has("networkMode"):
            yield Hit(task.at("requiresCompatibilities"), "a Fargate task has no networkMode")
        elif task.network_mode and task.network_mode != "awsvpc":
            yield Hit(task.at("networkMode"), f"Fargate has no networkMode '{task.network_mode}'")

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """See Rule."""
        return source.set((), "networkMode", "awsvpc")
