"""Options that an output needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import container_outputs, has_open_options, is_set, launches, path_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.rights.output import Output
from outrider.taskdef.view import Task

_REQUIRED: Final = {
    **dict.fromkeys(("cloudwatch_logs", "cloudwatch"), ("region", "log_group_name")),
    **dict.fromkeys(("kinesis_firehose", "firehose"), ("region", "delivery_stream")),
    **dict.fromkeys(("kinesis_streams", "kinesis"), ("region", "stream")),
    "s3": ("bucket",),
    "datadog": ("apikey",),
}
"""What has no default; the stream of CloudWatch has a rule of its own."""


class OutputOptionMissing(Rule):
    """An output without what it cannot work without."""

    id = "output-option-missing"
    level: ClassVar[Level] = "error"
    why = "The router says that the option is required and ends when it starts, and the task ends with it."
    fix = "add the option"
    url = "https://docs.fluentbit.io/manual/pipeline/outputs/cloudwatch"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in container_outputs(task):
            if is_open_output(task, output):
                continue
            for key in _REQUIRED.get(output.plugin, ()):
                if not is_set(output, key):
                    told = f"{output.owner}: the output {output.plugin} needs {key}"
                    yield Hit(path_of(output.where), told, f"add {key}")


def is_open_output(task: Task, output: Output) -> bool:
    """Whether options may come from what is open."""
    router = task.router
    opened = router is not None and launches(router) and router.is_open("command")
    return opened or has_open_options(task.holding(path_of(output.where)))
