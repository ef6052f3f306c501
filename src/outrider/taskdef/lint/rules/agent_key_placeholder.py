"""The placeholder in the place of the key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.agent_key_missing import is_vendors
from outrider.taskdef.view import Task

_PLACEHOLDER: Final = re.compile(r"\s*|your[ _-].*|<.*>|\{.*\}|x{3,}|\*+|changeme|todo", re.IGNORECASE)


class AgentKeyPlaceholder(Rule):
    """The vendor's agent with the words of its manual as ``KEY``."""

    id = "agent-key-placeholder"
    level: ClassVar[Level] = "error"
    why = "The agent cannot register with it; it ends, and with it the task."
    fix = "put your registration key into Secrets Manager, and name it in secrets"
    url = "https://github.com/alertlogic/al-agent-container"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            for item in container.parts("environment") if is_vendors(container) else ():
                value = item.text("value")
                if item.text("name") == "KEY" and value is not None and _PLACEHOLDER.fullmatch(value):
                    told = (
                        f"KEY of {container.called} is empty"
                        if not value.strip()
                        else f"KEY of {container.called} is a placeholder"
                    )
                    yield Hit(item.at("value"), told)
