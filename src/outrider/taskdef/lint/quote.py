"""What a report may quote of a file. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


def quotable(tasks: Sequence[TaskSource], rules: Sequence[Rule]) -> dict[str, str]:
    """The text of each file that holds these task definitions, with an asterisk for each character of a secret."""
    texts = {source.file: source.text for task in tasks for source in task.sources}
    spans: dict[str, set[tuple[int, int]]] = {file: set() for file in texts}
    for task in tasks:
        for rule in rules:
            for hit in rule.check(Task(task.task)) if rule.hides else ():
                spans[task.home(hit.path).file].add(task.span(hit.path))
    return {file: _starred(text, spans[file]) for file, text in texts.items()}


def _starred(text: str, spans: set[tuple[int, int]]) -> str:
    pieces: list[str] = []
    end = 0
    for start, after in sorted(spans):
        pieces += [text[end:start], re.sub("[^\n]", "*", text[max(start, end) : after])]
        end = max(end, after)
    return "".join([*pieces, text[end:]])
