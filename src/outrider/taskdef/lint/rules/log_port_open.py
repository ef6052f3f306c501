"""Security groups of the task's services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.model.errors import Place, UserError
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.ports import Group, closing
from outrider.taskdef.ports.services import groups_of_services
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task


class LogPortOpen(Rule):
    """A security group in the same template that lets others reach the ports of agent and router."""

    id = "log-port-open"
    level: ClassVar[Level] = "warning"
    why = "Only the containers of the task use the ports 1514 and 24224; who else reaches them can forge logs."
    fix = "open the application's ports alone; outrider task security-group tells what else the rule opens"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule. The task definition itself says nothing of it."""
        return iter(())

    def outside(self, source: TaskSource) -> Iterator[tuple[Place, str]]:
        """See Rule."""
        if not any(container.routes or container.is_agent for container in Task(source.task)):
            return
        for group in _groups(source):
            for rule in closing(group).open:
                ports = " and ".join(f"{protocol.upper()} {port}" for protocol, port in rule.opens())
                senders = ", ".join(sender.name for sender in rule.senders)
                yield rule.place, f"the security group '{group.id}' of the task's service lets {senders} reach {ports}"


def _groups(source: TaskSource) -> list[Group]:
    """None where the template cannot be read as a whole: it is no matter of this rule what else is wrong with it."""
    try:
        return groups_of_services(source.source.text, source.source.file, source.name)
    except UserError:
        return []
