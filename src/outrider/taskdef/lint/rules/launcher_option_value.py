"""Values that the launcher sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.pipeline import options
from outrider.pipeline.service import Service
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import settings
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.output_option_value import problem_of
from outrider.taskdef.view import Task

_CORES: Final = {
    "input": options.declared(options.InputCore),
    "filter": options.declared(options.FilterCore),
    "output": options.declared(options.OutputCore),
    "service": options.declared(Service),
}


class LauncherOptionValue(Rule):
    """A value that the key cannot have."""

    id = "launcher-option-value"
    level: ClassVar[Level] = "error"
    why = (
        "The launcher sets it as it is written; a limit that is no size is none, or far too small, and"
        " Outrider refuses it."
    )
    fix = "write a value that the key takes, such as Mem_Buf_Limit 50M"
    url = "https://github.com/alertlogic/al-agent-container"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            for setting in settings(container):
                entry = _CORES[setting.section].get(setting.key.lower())
                if entry is None or not setting.value or "${" in setting.value:
                    continue
                problem = problem_of(entry.kind, setting.key, setting.value)
                if problem:
                    yield Hit(setting.value_path, f"the launcher of {container.called}: {problem}")
