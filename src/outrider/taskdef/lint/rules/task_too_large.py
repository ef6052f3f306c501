"""The size of a task definition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.shape import READ_ONLY
from outrider.taskdef.view import Task

MOST: Final = 65_536


class TaskTooLarge(Rule):
    """A task definition that is longer than ECS takes."""

    id = "task-too-large"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition takes 64 KiB."
    fix = "move environment to environmentFiles, or containers to a task of their own"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        value = {key: member for key, member in task.value.items() if key not in READ_ONLY}
        size = len(
            json.dumps(value, default=repr, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        )
        if size > MOST:
            yield Hit(task.at("containerDefinitions"), f"the task definition has {size} bytes, and ECS takes {MOST}")
