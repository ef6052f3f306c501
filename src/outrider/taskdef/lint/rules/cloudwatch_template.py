"""Fields in names of groups and streams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import is_set, outputs, path_of
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_KEYS: Final = (
    *("log_group_name", "log_stream_name", "log_stream_prefix"),
    *("log_group_template", "log_stream_template"),
)
_NOTHING: Final = re.compile(r"(?!)")
_FORMS: Final = {
    "cloudwatch_logs": (re.compile(r"\$\([^)]*\)"), ""),
    "cloudwatch": (re.compile(r"\$[A-Za-z_][\w.]*(?:\[[^\]]*\])*"), ": it takes $(key)"),
}


class CloudwatchTemplate(Rule):
    """A field in the form of the other CloudWatch plugin."""

    id = "cloudwatch-template"
    level: ClassVar[Level] = "warning"
    why = (
        "cloudwatch fills in $(ecs_task_id) and the like; cloudwatch_logs does not, and takes $key in its"
        " template options alone. The name stays as it is written, so all tasks share it."
    )
    fix = "use the plugin cloudwatch, or log_stream_prefix, which adds the container's name and the task's id"
    url = "https://github.com/aws/amazon-cloudwatch-logs-for-fluent-bit"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for output in outputs(task):
            pattern, form = _FORMS.get(output.plugin, (_NOTHING, ""))
            for key in _KEYS:
                text = output.text(key) if is_set(output, key) else ""
                found = pattern.search(text)
                if found:
                    told = f"{output.owner}: {output.plugin} does not fill in {found[0][:60]} in {key}{form}"
                    yield Hit(path_of(output.written[key].where), told)
