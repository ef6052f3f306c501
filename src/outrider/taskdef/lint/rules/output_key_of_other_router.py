"""The output key of the other router."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.firelens.options import OUTPUT_KEY
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.output_key_missing import likely_key, outputs_without_key
from outrider.taskdef.view import Task

_PRODUCT: Final = {"fluentbit": "Fluent Bit", "fluentd": "Fluentd"}


class OutputKeyOfOtherRouter(Rule):
    """``@type`` for Fluent Bit, or ``Name`` for Fluentd."""

    id = "output-key-of-other-router"
    level: ClassVar[Level] = "error"
    why = "Each kind of router has a key of its own for the plugin; ECS finds none, and the task does not start."
    fix = "write Name and a plugin of Fluent Bit's, or @type and one of Fluentd's"
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/taskresource/firelens/firelensconfig_unix.go"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container, kind, others in outputs_without_key(task):
            key = likely_key(others, kind)
            if key is not None and key.lower() != OUTPUT_KEY[kind].lower():
                told = f"{container.called} names its plugin with {key}, and the log router's type is {kind}"
                fix = f"write {OUTPUT_KEY[kind]}, and the plugin's name in {_PRODUCT[kind]}"
                yield Hit(
                    container.options.at(key) if key in container.options.value else container.log.path, told, fix
                )
