"""Extra configurations on Fargate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class ConfigFileOnFargate(Rule):
    """An extra configuration from S3 on Fargate."""

    id = "config-file-on-fargate"
    level: ClassVar[Level] = "error"
    why = "Fargate takes files of the image alone; it does not place a task whose configuration is in S3."
    fix = "put the file into the image, or use an init- tag of aws-for-fluent-bit, which fetches from S3 itself"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_FirelensConfiguration.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers if task.fargate else ():
            options = container.firelens.part("options")
            if options.text("config-file-type") == "s3":
                yield Hit(
                    options.at("config-file-type"), f"{container.called} takes its configuration from S3, on Fargate"
                )
