"""Names of secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class SecretNameUsedTwice(Rule):
    """A secret whose name another secret or a variable has."""

    id = "secret-name-used-twice"
    level: ClassVar[Level] = "error"
    why = (
        "RegisterTaskDefinition refuses a secret whose name is not its own among the container's secrets and variables."
    )
    fix = "remove one of them"
    url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            seen = dict.fromkeys(container.variables(), "an environment variable")
            for item in container.parts("secrets"):
                name = item.text("name")
                if name and name in seen:
                    yield Hit(item.at("name"), f"the secret '{name[:60]}' of '{container.name}' is {seen[name]}, too")
                seen.setdefault(name or "", "another secret")
