"""The actions of content_modifier, on many maps at once. Pure. Source: Fluent Bit, ``processor_content_modifier``."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from outrider.formats import json
from outrider.formats.casts import double
from outrider.formats.regex import Regex
from outrider.model.batch import Record
from outrider.model.errors import UserError
from outrider.plugins.filters.content_modifier.config import Options

Action: TypeAlias = Callable[[list[Record]], None]

_INTEGER: Final = re.compile(r"\s*([+-]?\d{1,19})(?!\d)", re.ASCII)
_FLOAT: Final = re.compile(r"\s*([+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,9})?)", re.ASCII)
_INT64: Final = 2**63


def action(options: Options) -> Action:
    """The action that the options describe. Raises UserError."""
    if not options.action:
        raise UserError("no action is defined", allowed=tuple(_ACTIONS))
    if not options.key:
        raise UserError(f"key is required for action '{options.action}'")
    needed = _NEEDED.get(options.action, "")
    if needed and not getattr(options, needed):
        raise UserError(f"{needed} is required for action '{options.action}'")
    try:
        return _ACTIONS[options.action](options)
    except ValueError as error:
        raise UserError(f"pattern: {error}") from error


def _insert(options: Options) -> Action:
    key, value = options.key, options.value

    def run(maps: list[Record]) -> None:
        for item in maps:
            item.setdefault(key, value)

    return run


def _upsert(options: Options) -> Action:
    key, value = options.key, options.value

    def run(maps: list[Record]) -> None:
        for item in maps:
            item.pop(key, None)
            item[key] = value

    return run


def _delete(options: Options) -> Action:
    key = options.key

    def run(maps: list[Record]) -> None:
        for item in maps:
            item.pop(key, None)

    return run


def _rename(options: Options) -> Action:
    old, new = options.key, options.value

    def run(maps: list[Record]) -> None:
        maps[:] = [
            {(new if key == old else key): value for key, value in item.items()} if old in item else item
            for item in maps
        ]

    return run


def _hash(options: Options) -> Action:
    key = options.key

    def run(maps: list[Record]) -> None:
        for item in maps:
            if key in item and item[key] not in ("", b""):
                item[key] = hashlib.sha256(_bytes(item[key])).hexdigest()

    return run


def _bytes(value: Any) -> bytes:
    """What is hashed; maps and lists too, as JSON: whoever asks for a hash wants nobody to read the value."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, float):
        return f"{value:.17g}".encode()
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else json.encode(value)


def _extract(options: Options) -> Action:
    key, regex = options.key, Regex(options.pattern)
    if not regex.names:
        raise ValueError("there is no named group, such as (?<name>...)")

    def run(maps: list[Record]) -> None:
        for item in maps:
            value = item.get(key)
            found = regex.groups(value) if isinstance(value, str) else None
            for name, text in zip(regex.names, found or (), strict=False):
                if text is not None:
                    item.pop(name, None)
                    item[name] = text

    return run


def _convert(options: Options) -> Action:
    key, convert = options.key, _CONVERSIONS[options.converted_type]

    def run(maps: list[Record]) -> None:
        for item in maps:
            if key in item:
                value = item[key]
                converted = convert(value)
                if converted is not None and type(converted) is not type(value):
                    del item[key]
                    item[key] = converted

    return run


def _to_string(value: Any) -> str | None:
    if type(value) is float:
        return f"{value:.17g}"
    if type(value) is int:
        return str(value)
    return "null" if value is None else None


def _to_boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return value.lower() == "true"
    return bool(value) if value is None or isinstance(value, int | float) else None


def _to_int(value: Any) -> int | None:
    if isinstance(value, str):
        match = _INTEGER.match(value)
        number = int(match[1]) if match else 0
        too_large = match is None and value.lstrip(" \t\n\r\v\f+-")[:1].isdigit()
        return None if too_large or not -_INT64 <= number < _INT64 else number
    if type(value) is float:
        return _rounded(value) if abs(value) < _INT64 else None
    return 0 if value is None else None


def _rounded(value: float) -> int:
    """Half goes away from zero, as in C."""
    whole = math.floor(abs(value) + 0.5)
    return -whole if value < 0 else whole


def _to_double(value: Any) -> float | None:
    if isinstance(value, str):
        match = _FLOAT.match(value)
        number = float(match[1]) if match else math.inf
        return number if math.isfinite(number) else None
    if type(value) is int:
        return double(value)
    return 0.0 if value is None else None


_CONVERSIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "string": _to_string,
    "boolean": _to_boolean,
    "int": _to_int,
    "double": _to_double,
}
_ACTIONS: Final[dict[str, Callable[[Options], Action]]] = {
    "insert": _insert,
    "upsert": _upsert,
    "delete": _delete,
    "rename": _rename,
    "hash": _hash,
    "extract": _extract,
    "convert": _convert,
}
_NEEDED: Final = {
    "insert": "value",
    "upsert": "value",
    "rename": "value",
    "extract": "pattern",
    "convert": "converted_type",
}
"""What an action needs beside its key."""
