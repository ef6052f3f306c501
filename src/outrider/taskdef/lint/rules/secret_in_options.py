"""Secrets among the options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.sensitive import form_of, names_secret
from outrider.taskdef.view import Task

_HEADER: Final = re.compile(
    r"(?:authorization|proxy-authorization|x-api-key|dd-api-key|api-key|x-license-key)\b[: ]\s*\S", re.IGNORECASE
)
_OF_OUTPUTS: Final = frozenset({"cloud_auth", "shared_key"})
"""Secrets whose names do not say it to everybody."""


class SecretInOptions(Rule):
    """An option whose value is, or looks like, a secret."""

    id = "secret-in-options"
    level: ClassVar[Level] = "warning"
    why = "Whoever may read the task definition reads the secret, in every revision, for ever."
    fix = "put it into Secrets Manager or SSM, name it in secretOptions, and replace what was in the file"
    hides = True
    url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-logconfig.html"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task:
            for key in container.options.value:
                text = container.options.text(key) or ""
                kind = form_of(text) or ("a secret by its name" if _names_secret(key, text) else None)
                if kind is not None:
                    yield Hit(container.options.at(key), f"the option {key[:60]} of {container.called} holds {kind}")


def _names_secret(key: str, text: str) -> bool:
    name = key.lower()
    if name == "header":
        return "${" not in text and _HEADER.match(text) is not None
    return names_secret("secret" if name in _OF_OUTPUTS else key, text)
