"""The path of the generated configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.firelens.files import config_path
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_GENERATED: Final = frozenset({config_path("fluentbit"), config_path("fluentd")})


class ConfigFileGenerated(Rule):
    """An extra configuration where FireLens puts its own."""

    id = "config-file-generated"
    level: ClassVar[Level] = "error"
    why = "FireLens mounts the configuration that it writes over that file, so it would include itself."
    fix = "put your file at another path, such as /extra.conf"
    url = "https://github.com/aws-samples/amazon-ecs-firelens-examples/tree/mainline/examples/fluent-bit/config-file-type-file"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            options = container.firelens.part("options")
            value = options.text("config-file-value")
            if options.text("config-file-type") == "file" and value in _GENERATED:
                yield Hit(
                    options.at("config-file-value"),
                    f"config-file-value is {value}, the file that FireLens itself writes",
                )
