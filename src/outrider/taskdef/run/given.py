"""What the user gives in place of what only ECS can fetch: values of secrets, and files from S3. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from outrider.model.errors import Place, UserError

_QUOTES = ("'", '"')
_NAMED_SECRET = 7
"""Parts of a secret's ARN in Secrets Manager; what follows is a key in its JSON, a stage and a version."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Values by ``CONTAINER:NAME``, by ``NAME``, and by ``valueFrom``. They are never printed."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, text: str, file: str) -> Secrets:
        """Lines ``NAME=VALUE`` and ``CONTAINER:NAME=VALUE``, or a JSON object of ``valueFrom`` to value.

        Empty lines and those that begin with ``#`` are nothing; quotes around a value are not part of it. Raises
        UserError with the place of what is neither, never with a value.
        """
        if text.lstrip().startswith("{"):
            return cls(_of_json(text, file))
        found: dict[str, str] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            name, equals, value = line.strip().removeprefix("export ").partition("=")
            if not equals or not name.strip():
                raise UserError(
                    "this line is no NAME=VALUE", Place(file, number, 1), fix="write NAME=VALUE or CONTAINER:NAME=VALUE"
                )
            value = value.strip()
            quoted = len(value) > 1 and value[0] in _QUOTES and value[0] == value[-1]
            found[name.strip()] = value[1:-1] if quoted else value
        return cls(found)

    def find(self, container: str, name: str, value_from: str) -> str | None:
        """The value of a container's secret, None if there is none.

        A ``valueFrom`` that names a key of a secret's JSON finds it also in the value of the whole secret.
        """
        for key in (f"{container}:{name}", name, value_from):
            if key in self.values:
                return self.values[key]
        parts = value_from.split(":")
        whole = self.values.get(":".join(parts[:_NAMED_SECRET]))
        if whole is None or len(parts) <= _NAMED_SECRET:
            return None
        try:
            members = json.loads(whole)
        except (ValueError, RecursionError):
            return None
        found = members.get(parts[_NAMED_SECRET]) if isinstance(members, dict) else None
        return None if found is None else _text(found)


def _of_json(text: str, file: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"this is no JSON: {error.msg}", Place(file, error.lineno, error.colno)) from None
    except (ValueError, RecursionError):
        raise UserError("this is no JSON that can be read", Place(file, 1, 1)) from None
    return {str(name): _text(value) for name, value in found.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def environment_file(text: str) -> dict[str, str]:
    """The variables of an environment file, as ECS reads one: ``NAME=VALUE`` to the end of the line, quotes and all."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip() and not line.lstrip().startswith("#"):
            found.setdefault(name.strip(), value)
    return found
