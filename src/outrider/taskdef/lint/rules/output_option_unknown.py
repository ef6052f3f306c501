"""Options that an output does not have."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import GO_PLUGINS, known_options, outputs, own_options
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.rights.output import Output
from outrider.taskdef.view import Task

_ANY: Final = ("rdkafka.", "tls.windows.")
"""Beginnings of options that Fluent Bit hands on, or has on another system."""


class OutputOptionUnknown(Rule):
    """An option that the named output does not know."""

    id = "output-option-unknown"
    level: ClassVar[Level] = "error"
    why = "Fluent Bit says 'unknown configuration property' and ends when it starts, and the task ends with it."
    fix = "remove the option"
    url = "https://github.com/aws/aws-for-fluent-bit/issues/371"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in outputs(task):
            if output.plugin not in GO_PLUGINS:
                yield from unknown_options(output, "has no option")


def unknown_options(output: Output, verb: str) -> Iterator[Hit]:
    """What the output does not know, with the nearest name that it knows."""
    known = known_options(output.plugin)
    for option in own_options(output):
        if not known or option.key in known or option.key.startswith(_ANY) or "${" in option.key:
            continue
        near = get_close_matches(option.key, known, 1, 0.8)
        told = f"{output.owner}: the output {output.plugin} {verb} '{option.written[:60]}'"
        yield Hit(option.path, told, f"write {near[0]}" if near else "")
