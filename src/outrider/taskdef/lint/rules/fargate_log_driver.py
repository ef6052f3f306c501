"""Log drivers on Fargate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

DRIVERS: Final = ("awslogs", "splunk", "awsfirelens")


class FargateLogDriver(Rule):
    """A log driver that Fargate does not have."""

    id = "fargate-log-driver"
    level: ClassVar[Level] = "error"
    why = "Fargate has the log drivers awslogs, splunk and awsfirelens, and RegisterTaskDefinition refuses others."
    fix = "use awsfirelens with the output that writes to the same place"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task if task.fargate else ():
            if container.driver and container.driver not in DRIVERS:
                told = f"Fargate has no log driver '{container.driver}', which {container.called} uses"
                yield Hit(container.log.at("logDriver"), told)
