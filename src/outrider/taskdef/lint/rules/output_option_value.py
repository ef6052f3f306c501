"""Values that an option cannot have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from outrider.model.errors import Place, UserError
from outrider.pipeline import options
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import known_options, outputs, own_options
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class OutputOptionValue(Rule):
    """A value that the option's declaration refuses."""

    id = "output-option-value"
    level: ClassVar[Level] = "warning"
    why = "Outrider refuses it; Fluent Bit ends with it, or takes another value than was meant without a word."
    fix = "write a value that the option takes"
    url = "https://docs.fluentbit.io/manual/administration/configuring-fluent-bit/unit-sizes"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in outputs(task):
            known = known_options(output.plugin)
            for option in own_options(output):
                entry = known.get(option.key)
                if entry is None or not option.value or "${" in option.value or entry.repeats:
                    continue
                problem = problem_of(entry.kind, option.written, option.value)
                if problem:
                    yield Hit(option.path, f"{output.owner}: {problem}")


def problem_of(kind: Any, key: str, value: str) -> str:
    """Why an option of this kind cannot have the value; empty where it can."""
    try:
        options.parse(kind, options.Property(key, value, Place("")), "")
    except UserError as error:
        allowed = f"; allowed: {', '.join(error.allowed)}" if error.allowed else ""
        return f"{error.message.removeprefix(': ')}{allowed}"
    return ""
