"""Ports without translation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


class HostPortMismatch(Rule):
    """A host port that differs from the port of the container."""

    id = "host-port-mismatch"
    level: ClassVar[Level] = "error"
    why = "With awsvpc and host nothing translates ports, and RegisterTaskDefinition refuses two that differ."
    fix = "leave hostPort out, or write the same number"
    url = "https://github.com/aws/amazon-ecs-cli/issues/1014"
    mends = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        if task.network_mode not in ("awsvpc", "host"):
            return
        for container in task:
            for mapping in container.parts("portMappings"):
                inside, outside = mapping.number("containerPort"), mapping.number("hostPort")
                if inside and outside and inside != outside:
                    told = (
                        f"{container.called} maps port {inside} to {outside}, and {task.network_mode} translates none"
                    )
                    yield Hit(mapping.at("hostPort"), told)

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """See Rule."""
        for container in Task(source.task):
            for mapping in container.parts("portMappings"):
                if mapping.path == hit.path[:-1]:
                    return source.set(mapping.path, "hostPort", mapping.number("containerPort"))
        return source
