"""``Types`` of a parser: fields of text as numbers or truth values.

As in Fluent Bit (``src/flb_parser.c``, ``flb_parser_typecast``) a number is what the text begins with, else 0, and what
is neither true nor false stays text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Cast: TypeAlias = Callable[[str], Any]

_INT64: Final = 2**63
_INTEGER: Final = re.compile(r"\s*([+-]?\d+)", re.ASCII)
_FLOAT: Final = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.ASCII)
_HEX: Final = re.compile(r"\s*(?:0[xX])?([0-9a-fA-F]+)")
_DIGITS_MAX: Final = 400


def double(value: int) -> float:
    """The nearest double; infinite beyond all of them."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _integer(text: str) -> int:
    match = _INTEGER.match(text[:_DIGITS_MAX])
    return min(max(int(match[1]), -_INT64), _INT64 - 1) if match else 0


def _hex(text: str) -> int:
    match = _HEX.match(text[:_DIGITS_MAX])
    return min(int(match[1], 16), 2 * _INT64 - 1) if match else 0


def _float(text: str) -> float:
    match = _FLOAT.match(text[:_DIGITS_MAX])
    return float(match[1]) if match else 0.0


def _bool(text: str) -> bool | str:
    lowered = text[:5].lower()
    return True if lowered.startswith("true") else False if lowered == "false" else text


CASTS: Final[Mapping[str, Cast]] = {"integer": _integer, "float": _float, "hex": _hex, "bool": _bool, "string": str}


def casts(text: str) -> dict[str, Cast]:
    """``field:type field:type …`` as functions; those that change nothing are left out. Raises ValueError."""
    found: dict[str, Cast] = {}
    for item in text.split():
        field, colon, kind = item.rpartition(":")
        if not colon or not field or kind.lower() not in CASTS:
            raise ValueError(f"'{item}' is not FIELD:TYPE; allowed types: {', '.join(CASTS)}")
        if kind.lower() != "string":
            found.setdefault(field, CASTS[kind.lower()])
    return found


def apply(record: dict[str, Any], wanted: Mapping[str, Cast]) -> None:
    """Change the fields of a record that ``wanted`` names and that are text."""
    for field, cast in wanted.items():
        value = record.get(field)
        if type(value) is str:
            record[field] = cast(value)
