"""Extra configurations in S3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task

_ARN: Final = re.compile(r"arn:[^:]+:s3:::[^/]+/.+|.*[<>${]", re.DOTALL)
"""Also what somebody replaces before it is registered."""
_URL: Final = re.compile(r"s3://[a-z0-9.-]+/[^\s]+")


class ConfigFileArn(Rule):
    """A place in S3 that is no ARN."""

    id = "config-file-arn"
    level: ClassVar[Level] = "error"
    why = "ECS takes the ARN of an object, arn:aws:s3:::BUCKET/KEY, and answers 'Invalid arn syntax.' to anything else."
    fix = "write arn:aws:s3:::BUCKET/KEY"
    url = "https://github.com/aws/aws-cli/issues/7147"
    mends = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            options = container.firelens.part("options")
            value = options.text("config-file-value")
            if options.text("config-file-type") == "s3" and value and not _ARN.match(value):
                told = f"config-file-value is '{value[:120]}', which is no ARN of an object in S3"
                fix = f"write arn:aws:s3:::{value[5:][:120]}" if _URL.fullmatch(value) else ""
                yield Hit(options.at("config-file-value"), told, fix)

    def mend(self, source: TaskSource, hit: Hit) -> TaskSource:
        """See Rule."""
        value = Task(source.task).holding(hit.path).firelens.part("options").text("config-file-value") or ""
        known = value if not _URL.fullmatch(value) else f"arn:aws:s3:::{value[5:]}"
        return source.set(hit.path[:-1], "config-file-value", known)
