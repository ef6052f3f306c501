"""The agent's registration key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Container, Task

_GIVE: Final = ("environment", "secrets")


class AgentKeyMissing(Rule):
    """The vendor's agent without ``KEY``."""

    id = "agent-key-missing"
    level: ClassVar[Level] = "note"
    why = (
        "Cloud Defender needs the key; for MDR the agent knows its customer by the AWS account, and this is as"
        " it should be."
    )
    fix = "add the variable KEY, in secrets, if you use Cloud Defender"
    url = "https://github.com/alertlogic/al-agent-container"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            given = [container.names(key) for key in _GIVE]
            is_there = container.has("environmentFiles") or any(names is None or "KEY" in names for names in given)
            if is_vendors(container) and not is_there:
                yield Hit(container.at("name"), f"{container.called} has no variable KEY")


def is_vendors(container: Container) -> bool:
    """Whether it is the vendor's agent rather than Outrider's."""
    return container.is_agent and (container.name == "al-agent" or "/al-agent-container" in container.image)
