"""``Decode_Field`` and ``Decode_Field_As`` of a parser: a field of the parsed record is itself encoded.

``Decode_Field_As`` puts the decoded value in the field's place, ``Decode_Field`` adds the members of a decoded map to
the record. The rules of a field run in order: one that fails ends it unless it says ``try_next`` or ``do_next``, one
that succeeds ends it unless it says ``do_next``. Source: Fluent Bit 5.1.1, ``src/flb_parser_decoder.c``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from outrider.formats.escapes import unescape, unescape_codes, unquote_mysql
from outrider.formats.jsontext import json_object

Backend: TypeAlias = Callable[[str], Any]
"""Text to what it means; None: it cannot be decoded."""


def _json(text: str) -> dict[str, Any] | None:
    """A map, escaped once more or not."""
    found = json_object(text)
    return json_object(unescape(text)) if found is None and "\\" in text else found


BACKENDS: Final[Mapping[str, Backend]] = {
    "json": _json,
    "escaped": unescape,
    "escaped_utf8": unescape_codes,
    "mysql_quoted": unquote_mysql,
}
ACTIONS: Final = ("", "try_next", "do_next")


class Rule(Struct, frozen=True):
    """One line of a parser's definition. Raises ValueError in ``rule``."""

    field: str
    backend: Backend
    replaces: bool
    action: str


def rule(text: str, *, replaces: bool) -> Rule:
    """``BACKEND FIELD [ACTION]``. Raises ValueError."""
    words = text.split()
    if not 2 <= len(words) <= 3:
        raise ValueError(f"'{text}' is not DECODER FIELD [try_next|do_next]")
    backend, action = words[0].lower(), words[2].lower() if len(words) == 3 else ""
    if backend not in BACKENDS:
        raise ValueError(f"'{words[0]}' is no decoder; allowed: {', '.join(BACKENDS)}")
    if action not in ACTIONS:
        raise ValueError(f"'{words[2]}' is not known behind a decoder; allowed: try_next, do_next")
    return Rule(words[1], BACKENDS[backend], replaces, action)


def apply(record: dict[str, Any], rules: Sequence[Rule]) -> None:
    """Decode the fields of a record in place."""
    added: dict[str, Any] = {}
    for field in dict.fromkeys(item.field for item in rules):
        value = record.get(field)
        if type(value) is str:
            _decode(record, value, [item for item in rules if item.field == field], added)
    for key, member in added.items():
        record.pop(key, None)
        record[key] = member


def _decode(record: dict[str, Any], value: str, rules: Sequence[Rule], added: dict[str, Any]) -> None:
    for item in rules:
        decoded = item.backend(value)
        if decoded is None or (not item.replaces and type(decoded) is not dict):
            if item.action:
                continue
            return
        if not item.replaces:
            added.update(decoded)
        else:
            record[item.field] = decoded
            if type(decoded) is not str:
                return
            value = decoded
        if item.action != "do_next":
            return
