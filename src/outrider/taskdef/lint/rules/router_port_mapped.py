"""Ports that are for the task alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Part, Task

ROUTER_PORTS: Final = (24224, 8877)
AGENT_PORTS: Final = (1514,)


class RouterPortMapped(Rule):
    """A port of the log router's or the agent's that is mapped."""

    id = "router-port-mapped"
    level: ClassVar[Level] = "warning"
    why = "Whoever reaches the port can write into your logs: the router and the agent take what comes, from anybody."
    fix = "remove the mapping, and close the port in the security group"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            own = (AGENT_PORTS if container.is_agent else ()) + (ROUTER_PORTS if container.routes else ())
            for mapping in container.parts("portMappings"):
                for port in own:
                    if _maps(mapping, port):
                        yield Hit(mapping.path, f"{container.called} maps port {port}, which is for this task alone")


def _maps(mapping: Part, port: int) -> bool:
    first, _, last = (mapping.text("containerPortRange") or "").partition("-")
    if first.isdecimal() and last.isdecimal() and len(first + last) <= 10:
        return int(first) <= port <= int(last)
    return mapping.number("containerPort") == port
