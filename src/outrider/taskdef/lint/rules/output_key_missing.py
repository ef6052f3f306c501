"""The plugin that an output is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.firelens.generator import Kind
from outrider.taskdef.firelens.options import OUTPUT_KEY
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import OF_FIRELENS, has_open_options
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Container, Task


class OutputKeyMissing(Rule):
    """Options for an output, and no name of its plugin."""

    id = "output-key-missing"
    level: ClassVar[Level] = "error"
    why = "ECS cannot write the router's configuration: the task does not start, with 'missing output key'."
    fix = "name the plugin: Name for Fluent Bit, @type for Fluentd"
    url = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/taskresource/firelens/firelensconfig_unix.go"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container, kind, others in outputs_without_key(task):
            if not likely_key(others, kind):
                told = f"{container.called} has options for an output, and no {OUTPUT_KEY[kind]}"
                yield Hit(container.log.at("options"), told, f"add {OUTPUT_KEY[kind]}: the plugin that takes its logs")


def outputs_without_key(task: Task) -> Iterator[tuple[Container, Kind, list[str]]]:
    """Containers whose options name no plugin, the kind of router, and the options that there are."""
    written = task.router.firelens.text("type") if task.router else None
    kind = next((name for name in OUTPUT_KEY if name == written), None)
    for container in task.senders if kind else ():
        secrets = [item.text("name") or "" for item in container.log.parts("secretOptions")]
        keys = [*container.options.value, *secrets]
        others = [key for key in keys if key not in OF_FIRELENS]
        if kind and OUTPUT_KEY[kind] not in keys and others and not has_open_options(container):
            yield container, kind, others


def likely_key(keys: list[str], kind: Kind) -> str | None:
    """The option that was meant to name the plugin."""
    names = [name.lower() for name in OUTPUT_KEY.values()]
    return next((key for key in keys if key.lower().rstrip(":") in names), None)
