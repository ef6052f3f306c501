"""Text with ``$TAG``, ``$TAG[n]``, ``$0`` to ``$9`` and ``$key['sub']`` in it, as in the new tags of rewrite_tag.

A key is letters, digits, ``_``, ``-`` and ``/``; brackets may follow it. What is not there is empty.
Source: Fluent Bit 5.1.1, ``src/flb_record_accessor.c``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from outrider.formats import json
from outrider.formats.accessor import MISSING, accessor
from outrider.formats.regex import Match
from outrider.model.batch import Record

Compose: TypeAlias = Callable[[Record, Match | None], str]
"""A function from a record, and the match of the expression that found it, to the text."""

Get: TypeAlias = Callable[[Record], Any]
"""A function from a record to a value of it, MISSING where it has none."""

_FIELD: Final = r"\$(?:(?P<group>\d)|TAG\[(?P<part>\d{1,4})\]|(?P<tag>TAG)|(?P<key>KEY(?:\['[^']*'\]|\[\d+\])*))"
_PART: Final = re.compile(_FIELD.replace("KEY", r"[\w/-]+"))
_PATH_PART: Final = re.compile(_FIELD.replace("KEY", r"[\w-]*\w"))


class Template:
    """A text with its fields found. Raises ValueError for one that names none properly.

    In a ``path`` a key has no ``/``, and no ``-`` at its end.
    """

    def __init__(self, text: str, *, path: bool = False) -> None:
        self._parts: list[str | re.Match[str]] = []
        end = 0
        for found in (_PATH_PART if path else _PART).finditer(text):
            self._literal(text, end, found.start())
            self._parts.append(found)
            end = found.end()
        self._literal(text, end, len(text))
        self._gets = {
            found: accessor(found[0])
            for found in self._parts
            if isinstance(found, re.Match) and found["key"] is not None
        }

    @property
    def pattern(self) -> str:
        """What all its texts fit: ``*`` for each field."""
        return "".join(part if isinstance(part, str) else "*" for part in self._parts)

    @property
    def of_record(self) -> bool:
        """Whether records with the same match may have different texts."""
        return bool(self._gets)

    def _literal(self, text: str, start: int, end: int) -> None:
        literal = text[start:end]
        if "$" in literal:
            raise ValueError(f"'{text}' has a $ at character {start + literal.index('$') + 1} that names nothing")
        if literal:
            self._parts.append(literal)

    def bind(self, tag: str) -> Compose:
        """The function for records of this tag."""
        words = tag.split(".")
        fixed = ""
        steps: list[str | Compose] = []
        for part in self._parts:
            if isinstance(part, str):
                fixed += part
            elif part["tag"] is not None:
                fixed += tag
            elif part["part"] is not None:
                fixed += words[int(part["part"])] if int(part["part"]) < len(words) else ""
            else:
                steps += [fixed, self._field(part)]
                fixed = ""
        if not steps:
            return lambda record, match: fixed
        steps.append(fixed)
        # mypy cannot tell texts from functions by ``type``.
        return lambda record, match: "".join([step if type(step) is str else step(record, match) for step in steps])  # type: ignore[operator]

    def pieces(self, tag: str) -> list[str | Get]:
        """Its fixed texts, and a function for each field, for records of this tag."""
        return [part if isinstance(part, str) else self._get(part, tag) for part in self._parts]

    def _get(self, part: re.Match[str], tag: str) -> Get:
        if part["key"] is not None:
            return self._gets[part]
        words = tag.split(".")
        value: Any = MISSING
        if part["tag"] is not None:
            value = tag
        elif part["part"] is not None and int(part["part"]) < len(words):
            value = words[int(part["part"])]
        return lambda record: value

    def _field(self, part: re.Match[str]) -> Compose:
        if part["group"] is not None:
            number = int(part["group"])
            return lambda record, match: _group(match, number)
        get = self._gets[part]
        return lambda record, match: text_of(get(record))


def _group(match: Match | None, number: int) -> str:
    if match is None:
        return ""
    try:
        return match.group(number) or ""
    except IndexError:
        return ""


def text_of(value: Any) -> str:
    """A value as text: floats with six decimals, maps as JSON, bytes in hexadecimal; nothing for lists."""
    if isinstance(value, str):
        return value
    if value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:f}"
    if isinstance(value, dict):
        return json.encode(value).decode("utf-8", "surrogateescape")
    return value.hex() if isinstance(value, bytes) else ""
