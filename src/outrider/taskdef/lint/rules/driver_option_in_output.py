"""Options of other log drivers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import GO_PLUGINS, OF_DRIVER, known_options, outputs, path_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


class DriverOptionInOutput(Rule):
    """``mode`` or ``max-buffer-size`` beside the options of an output."""

    id = "driver-option-in-output"
    level: ClassVar[Level] = "error"
    why = "ECS hands them to the router, which refuses them as unknown properties and ends, and the task with it."
    fix = "remove it; the queue of the log driver awsfirelens has the option log-driver-buffer-limit"
    url = "https://github.com/aws/aws-for-fluent-bit/issues/371"
    mends = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in outputs(task):
            known = known_options(output.plugin)
            for key in sorted(OF_DRIVER & output.written.keys()):
                if known and output.plugin not in GO_PLUGINS and key not in known:
                    told = f"{output.owner}: {key} is an option of other log drivers, not of an output"
                    yield Hit(path_of(output.written[key].where), told)

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """See Rule."""
        return source if "command" in hit.path else source.remove(hit.path)
