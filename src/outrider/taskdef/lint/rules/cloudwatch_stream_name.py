"""The stream of an output to CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import CLOUDWATCH, container_outputs, is_set, path_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.output_option_missing import is_open_output
from outrider.taskdef.view import Task


class CloudwatchStreamName(Rule):
    """Neither or both of ``log_stream_name`` and ``log_stream_prefix``."""

    id = "cloudwatch-stream-name"
    level: ClassVar[Level] = "error"
    why = "The plugin wants exactly one of them; the router ends when it starts, and the task with it."
    fix = "set log_stream_prefix, such as app/; the name of the container and the task's id follow it"
    url = "https://docs.fluentbit.io/manual/pipeline/outputs/cloudwatch"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in container_outputs(task) if task.router else ():
            if output.plugin not in CLOUDWATCH or is_open_output(task, output):
                continue
            given = [key for key in ("log_stream_name", "log_stream_prefix") if is_set(output, key)]
            if len(given) == 2:
                told = f"{output.owner}: log_stream_name and log_stream_prefix exclude each other"
                yield Hit(path_of(output.written[given[1]].where), told, "remove one of them")
            elif not given:
                told = f"{output.owner}: the output {output.plugin} has neither log_stream_name nor log_stream_prefix"
                yield Hit(path_of(output.where), told)
