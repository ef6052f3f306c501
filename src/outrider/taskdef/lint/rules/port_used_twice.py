"""Ports that containers share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class PortUsedTwice(Rule):
    """A port that two containers of one network map."""

    id = "port-used-twice"
    level: ClassVar[Level] = "warning"
    why = "With awsvpc and host the containers share one network, so the second to listen on the port fails."
    fix = "let one of them listen on another port"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-networking-awsvpc.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        seen: dict[tuple[int, str], str] = {}
        for container in task if task.network_mode in ("awsvpc", "host") else ():
            for mapping in container.parts("portMappings"):
                port, protocol = mapping.number("containerPort"), mapping.text("protocol") or "tcp"
                if port is None or mapping.is_open("protocol"):
                    continue
                first = seen.setdefault((port, protocol), container.name)
                if first != container.name:
                    told = f"{container.called} maps port {port} ({protocol}), and so does '{first}'"
                    yield Hit(mapping.at("containerPort"), told)
