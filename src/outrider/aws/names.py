"""Names with fields in them: log groups and streams by record and tag. Pure.

Two languages: that of ``log_group_template`` (``app-$TAG[1]-$kubernetes['pod']``), and that of the Go plugins
(``$(tag[1])``, ``$(ecs_task_id)``, ``$(kubernetes['pod'])``).
Sources: Fluent Bit 5.1.1 ``plugins/out_cloudwatch_logs``; amazon-cloudwatch-logs-for-fluent-bit 1.9, its README.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from outrider.formats.accessor import MISSING, accessor
from outrider.model.batch import Record

_C: Final = re.compile(r"\$(?:TAG\[(?P<part>\d{1,3})\]|(?P<tag>TAG)(?![\w\[])|(?P<key>[\w-]+(?:\['[^']*'\]|\[\d+\])*))")
_GO: Final = re.compile(r"\$\((?:tag\[(?P<part>\d{1,3})\]|(?P<tag>tag)|(?P<key>[^()'\[\]]+(?:\['[^']*'\])*))\)")

EMPTY: Final = "every valid character"
"""In the place of a field that is missing."""

Compose = Callable[[Record], str | None]
"""A record to its name; None where a part is missing."""


class Name:
    """A text with its fields found. ``known`` gives fields that are no keys of records. Raises ValueError."""

    def __init__(self, text: str, *, go: bool = False, known: Mapping[str, str] | None = None) -> None:
        self._parts: list[str | int | Callable[[Record], Any]] = []
        """Literal text, a part of the tag (-1: all of it), or a field."""
        self._fields: list[str] = []
        """The parts as they are written."""
        pattern = _GO if go else _C
        end = 0
        for found in pattern.finditer(text):
            self._literal(text[end : found.start()], text, go)
            end = found.end()
            key = found["key"]
            self._fields.append(found[0])
            if key is None:
                self._parts.append(int(found["part"]) if found["part"] else -1)
            elif known is not None and key in known:
                self._parts.append(known[key])
            else:
                self._parts.append(accessor(key))
        self._literal(text[end:], text, go)

    def _literal(self, literal: str, text: str, go: bool) -> None:
        if ("$(" if go else "$") in literal:
            raise ValueError(f"'{text}' has a field that cannot be read: '{literal[literal.index('$') :]}'")
        if literal:
            self._parts.append(literal)
            self._fields.append(literal)

    @property
    def of_record(self) -> bool:
        """Whether records of one tag may have different names."""
        return any(callable(part) for part in self._parts)

    def lacking(self, tag: str, record: Record) -> str:
        """The first field for which this record or its tag has nothing, as it is written; empty: there is none."""
        words = tag.split(".")
        for part, field in zip(self._parts, self._fields, strict=True):
            if isinstance(part, int):
                if part >= len(words):
                    return field
            elif callable(part) and _is_missing(part(record)):
                return field
        return ""

    def bind(self, tag: str) -> Compose:
        """The function for records of this tag."""
        words = tag.split(".")
        steps: list[str | Callable[[Record], Any] | None] = []
        for part in self._parts:
            if not isinstance(part, int):
                steps.append(part)
            else:
                steps.append(tag if part < 0 else words[part] if part < len(words) else None)
        if None in steps:
            return lambda record: None
        if not self.of_record:
            fixed = "".join([str(step) for step in steps])
            return lambda record: fixed

        def compose(record: Record) -> str | None:
            values = [step(record) if callable(step) else step for step in steps]
            if any(_is_missing(value) for value in values):
                return None
            return "".join([value if type(value) is str else str(value) for value in values])

        return compose


def _is_missing(value: Any) -> bool:
    return value is MISSING or isinstance(value, dict | list) or value is None


def clean(name: str, allowed: re.Pattern[str]) -> str:
    """The name with each character outside of ``allowed`` left out, as the Go plugin does; 512 characters at most."""
    return "".join(allowed.findall(name))[:512]


GROUP: Final = re.compile(r"[.\-_/#A-Za-z0-9]+")
STREAM: Final = re.compile(r"[^:*]+")
"""What names of groups and of streams may hold."""
