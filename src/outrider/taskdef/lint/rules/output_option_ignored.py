"""Options that a Go plugin ignores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import GO_PLUGINS, OF_DRIVER, outputs, path_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.output_option_unknown import unknown_options
from outrider.taskdef.view import Task


class OutputOptionIgnored(Rule):
    """An option that AWS's Go plugins do not know, and do not refuse."""

    id = "output-option-ignored"
    level: ClassVar[Level] = "warning"
    why = (
        "The Go plugins of AWS's image ignore what they do not know, so the option has no effect; Outrider refuses it."
    )
    fix = "remove the option"
    url = "https://github.com/aws/amazon-cloudwatch-logs-for-fluent-bit"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in outputs(task):
            if output.plugin in GO_PLUGINS:
                yield from unknown_options(output, "does not heed")
                for key in sorted(OF_DRIVER & output.written.keys()):
                    told = f"{output.owner}: the output {output.plugin} does not heed '{key}'"
                    yield Hit(path_of(output.written[key].where), told)
