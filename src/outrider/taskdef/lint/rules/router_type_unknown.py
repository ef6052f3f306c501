"""Kinds of log router."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.firelens.options import OUTPUT_KEY
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class RouterTypeUnknown(Rule):
    """A log router that is neither Fluent Bit nor Fluentd."""

    id = "router-type-unknown"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses the type: FireLens writes configurations for Fluent Bit and Fluentd."
    fix = 'write "fluentbit" or "fluentd"'
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_FirelensConfiguration.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            firelens = container.firelens
            kind = firelens.text("type")
            if kind is not None and kind not in OUTPUT_KEY:
                yield Hit(firelens.at("type"), f"the type of the log router {container.called} is '{kind[:60]}'")
            elif isinstance(container.value["firelensConfiguration"], dict) and not firelens.has("type"):
                yield Hit(firelens.path, f"the log router {container.called} has no type")
