"""Secrets in plain environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.sensitive import form_of, names_secret
from outrider.taskdef.view import Task

REGISTRATION_KEY: Final = "KEY"
"""Names the customer to the vendor's agent; its documents have it in plain environment."""


class SecretInEnvironment(Rule):
    """A variable whose value is, or looks like, a secret."""

    id = "secret-in-environment"
    level: ClassVar[Level] = "warning"
    why = "Whoever may read the task definition reads the secret, in every revision, for ever."
    fix = "put it into Secrets Manager or SSM, name it in secrets, and replace what was in the file"
    hides = True
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            for item in container.parts("environment"):
                name, value = item.text("name") or "", item.text("value") or ""
                if container.is_agent and name == REGISTRATION_KEY:
                    continue
                kind = form_of(value) or ("a secret by its name" if names_secret(name, value) else None)
                if kind is not None:
                    yield Hit(item.at("value"), f"the variable {name[:60]} of {container.called} holds {kind}")
