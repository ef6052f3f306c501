"""Where secrets come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.placeholder import is_placeholder
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_SOURCE: Final = re.compile(r"arn:[!-~]+|[A-Za-z0-9_./-]{1,2048}")


class SecretSourceInvalid(Rule):
    """A valueFrom that is neither an ARN nor the name of a parameter."""

    id = "secret-source-invalid"
    level: ClassVar[Level] = "error"
    why = "ECS finds no such secret, and the task does not start."
    fix = "write the ARN of the secret or of the parameter"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html"
    hides = True

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            for item in [*container.parts("secrets"), *container.log.parts("secretOptions")]:
                source = item.text("valueFrom")
                if source is not None and not is_placeholder(source) and not _SOURCE.fullmatch(source):
                    yield Hit(
                        item.at("valueFrom"),
                        f"a secret of '{container.name}' is neither an ARN nor the name of a parameter",
                    )
