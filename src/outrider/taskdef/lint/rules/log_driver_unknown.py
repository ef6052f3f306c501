"""Log drivers on EC2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

DRIVERS: Final = (
    *("awslogs", "fluentd", "gelf", "json-file", "journald", "syslog", "splunk", "awsfirelens"),
    *("logentries", "none"),  # not in the API's list, and known to old ECS agents
)


class LogDriverUnknown(Rule):
    """A log driver that ECS does not know."""

    id = "log-driver-unknown"
    level: ClassVar[Level] = "error"
    why = "RegisterTaskDefinition refuses a log driver that it does not know."
    fix = "write one of awslogs, fluentd, gelf, json-file, journald, syslog, splunk, awsfirelens"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task if not task.fargate else ():
            if container.driver and container.driver not in DRIVERS:
                told = f"{container.called} uses the log driver '{container.driver}', which ECS does not know"
                yield Hit(container.log.at("logDriver"), told)
