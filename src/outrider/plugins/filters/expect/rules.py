"""The rules of expect. Pure: a rule says what is wrong with a record, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from outrider.formats.accessor import MISSING, field
from outrider.model.batch import Record

Complaint: TypeAlias = Callable[[Record], str]
"""A record to what is wrong with it; empty: nothing."""


def rule(name: str, text: str) -> Complaint:
    """A rule by the name of its option. Raises ValueError."""
    if not text.strip():
        raise ValueError("a key is expected")
    if name == "key_val_eq":
        key, _, expected = text.strip().partition(" ")
        if not expected.strip():
            raise ValueError("two words are expected: KEY VALUE")
        return _equal(key, field(key), expected.strip())
    return _RULES[name](text.strip(), field(text.strip()))


def _exists(key: str, get: Callable[[Record], Any]) -> Complaint:
    return lambda record: f"key '{key}' not found" if get(record) is MISSING else ""


def _not_exists(key: str, get: Callable[[Record], Any]) -> Complaint:
    return lambda record: "" if get(record) is MISSING else f"key '{key}' exists"


def _null(key: str, get: Callable[[Record], Any]) -> Complaint:
    def complaint(record: Record) -> str:
        value = get(record)
        if value is None:
            return ""
        return f"key '{key}' not found" if value is MISSING else f"key '{key}' contains a value type '{_kind(value)}'"

    return complaint


def _not_null(key: str, get: Callable[[Record], Any]) -> Complaint:
    def complaint(record: Record) -> str:
        value = get(record)
        if value is None:
            return f"key '{key}' contains a value type 'null'"
        return f"key '{key}' not found" if value is MISSING else ""

    return complaint


def _equal(key: str, get: Callable[[Record], Any], expected: str) -> Complaint:
    def complaint(record: Record) -> str:
        value = get(record)
        if value == expected or not isinstance(value, str):
            return f"key '{key}' not found" if value is MISSING else ""
        return f"key value '{value[:200]}' is different than expected: '{expected}'"

    return complaint


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "UNKNOWN")


_KINDS: Final[dict[type, str]] = {bool: "boolean", int: "integer", float: "float / double", str: "string"}
_RULES: Final[dict[str, Callable[[str, Callable[[Record], Any]], Complaint]]] = {
    "key_exists": _exists,
    "key_not_exists": _not_exists,
    "key_val_is_null": _null,
    "key_val_is_not_null": _not_null,
}
