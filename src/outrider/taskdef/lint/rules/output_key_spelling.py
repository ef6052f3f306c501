"""How the name of the plugin is spelt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.firelens.options import OUTPUT_KEY
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.output_key_missing import likely_key, outputs_without_key
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


class OutputKeySpelling(Rule):
    """The option that names the plugin, in letters of another case."""

    id = "output-key-spelling"
    level: ClassVar[Level] = "error"
    why = "Upper and lower case count here: ECS finds no output key, and the task does not start."
    fix = "write Name for Fluent Bit, and @type for Fluentd"
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/taskresource/firelens/firelensconfig_unix.go"
    mends = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container, kind, others in outputs_without_key(task):
            key = likely_key(others, kind)
            if key and key in container.options.value and key.lower() == OUTPUT_KEY[kind].lower():
                told = f"{container.called} has {key} in the place of {OUTPUT_KEY[kind]}"
                yield Hit(container.options.at(key), told, f"write {OUTPUT_KEY[kind]}")

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """See Rule."""
        *path, old = hit.path
        right = {name.lower(): name for name in OUTPUT_KEY.values()}[str(old).lower()]
        return source.rename(tuple(path), str(old), right)
