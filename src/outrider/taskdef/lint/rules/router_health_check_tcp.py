"""The health check on port 8877."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class RouterHealthCheckTcp(Rule):
    """A health check through the input that FireLens makes for it."""

    id = "router-health-check-tcp"
    level: ClassVar[Level] = "note"
    why = (
        "AWS no longer recommends it: it has failed for routers that were well, and an essential router ends its task."
    )
    fix = "ask the router's monitoring endpoint: curl -f http://127.0.0.1:2020/api/v1/uptime || exit 1"
    url = "https://github.com/aws-samples/amazon-ecs-firelens-examples/tree/mainline/examples/fluent-bit/health-check"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            check = container.part("healthCheck")
            if any(
                "8877" in word and "nc" in word.replace("|", " ").split() for word in [" ".join(check.texts("command"))]
            ):
                yield Hit(check.at("command"), f"the health check of {container.called} writes to port 8877")
