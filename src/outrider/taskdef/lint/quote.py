"""What a report may quote of a file. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


def quotable(tasks: Sequence[TaskSource], rules: Sequence[Rule]) -> str:
    """The text of the file that holds these task definitions, with an asterisk for each character of a secret."""
    spans = {
        task.span(hit.path) for task in tasks for rule in rules if rule.hides for hit in rule.check(Task(task.task))
    }
    text, pieces, end = tasks[0].source.text, [], 0
    for start, after in sorted(spans):
        pieces += [text[end:start], re.sub("[^\n]", "*", text[max(start, end) : after])]
        end = max(end, after)
    return "".join([*pieces, text[end:]])
