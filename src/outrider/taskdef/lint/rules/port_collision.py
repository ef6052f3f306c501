"""Ports of the task's one network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.firelens.render import HEALTH_PORT, PORT
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import is_fluent_bit, router_words
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Container, Task

_WITH_ENDPOINT: Final = frozenset(
    f"/fluent-bit/configs/{name}.conf"
    for name in (
        "output-metrics-healthcheck",
        "plugin-metrics-to-cloudwatch",
        "plugin-and-storage-metrics-to-cloudwatch",
    )
)
"""Configurations of AWS's image that switch the endpoint on."""


class PortCollision(Rule):
    """An application on a port of the router's or the agent's."""

    id = "port-collision"
    level: ClassVar[Level] = "error"
    why = "All containers of an awsvpc task share one network: whoever comes second cannot open the port, and ends."
    fix = "let the application listen on another port"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        ports = sidecar_ports(task) if task.network_mode == "awsvpc" else {}
        for container in task:
            for mapping in container.parts("portMappings"):
                port = mapping.number("containerPort")
                owner = ports.get(port) if port is not None else None
                if owner is not None and owner[0] is not container:
                    told = f"{container.called} listens on port {port}, and so does {owner[1]}"
                    yield Hit(mapping.at("containerPort"), told)


def sidecar_ports(task: Task) -> dict[int, tuple[Container, str]]:
    """Ports that are taken, by whom, and who that is in words."""
    found: dict[int, tuple[Container, str]] = {}
    router = task.router
    if router is not None:
        found[int(PORT)] = (router, "the log router, for records")
        if is_fluent_bit(task):
            found[int(HEALTH_PORT)] = (router, "the log router, for health checks")
        if _serves(router):
            found[2020] = (router, "the log router, for its metrics")
    for container in task:
        if container.is_agent:
            found[1514] = (container, "the agent, for logs")
    return found


def _serves(router: Container) -> bool:
    """Whether the monitoring endpoint is known to be on."""
    words = router_words(router) or ()
    included = router.firelens.part("options").text("config-file-value") or ""
    flags = any(word.text in ("-H", "--http", "--http_server") for word in words)
    return flags or included in _WITH_ENDPOINT
