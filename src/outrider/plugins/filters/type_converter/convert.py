"""Values from one type to another. Pure. Source: Fluent Bit 5.1.1, ``src/flb_typecast.c``.

A text is the number that it begins with. A function gives None where the value is not of the type that it takes, or
cannot be converted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from outrider.formats.casts import double

Convert: TypeAlias = Callable[[Any], Any]

_INTEGER: Final = re.compile(r"\s*([+-]?\d{1,400})", re.ASCII)
_HEX: Final = re.compile(r"\s*(?:0[xX])?([0-9a-fA-F]{1,400})")
_FLOAT: Final = re.compile(r"\s*([+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,9})?)", re.ASCII)
_INT_MAX: Final = 2**63 - 1
_UINT_MAX: Final = 2**64 - 1


def _int(number: int) -> int:
    return max(min(number, _INT_MAX), -_INT_MAX - 1)


def _uint(number: int) -> int:
    """Negative numbers count down from 2^64, as in C."""
    return min(number, _UINT_MAX) if number >= 0 else max(number, -_INT_MAX - 1) + _UINT_MAX + 1


def _of_text(pattern: re.Pattern[str], read: Callable[[str], Any]) -> Convert:
    def convert(value: Any) -> Any:
        match = pattern.match(value) if isinstance(value, str) else None
        return read(match[1]) if match else None

    return convert


def _text_to_bool(value: Any) -> bool | None:
    lowered = value[:5].lower() if isinstance(value, str) else ""
    return True if lowered.startswith("true") else False if lowered == "false" else None


def _of_integer(read: Callable[[int], Any]) -> Convert:
    return lambda value: read(value) if type(value) is int else None


def _of_float(read: Callable[[float], Any]) -> Convert:
    return lambda value: read(value) if type(value) is float else None


def _float_text(value: float) -> str:
    return f"{value:.1f}" if value.is_integer() and abs(value) < 2**63 else f"{value:.16g}"


def _float_to_integer(wrap: Callable[[int], int]) -> Callable[[float], int | None]:
    return lambda value: wrap(int(value)) if abs(value) < 2**64 else None


CONVERSIONS: Final[dict[str, dict[str, Convert]]] = {
    "str": {
        "int": _of_text(_INTEGER, lambda text: _int(int(text))),
        "uint": _of_text(_INTEGER, lambda text: _uint(int(text))),
        "hex": _of_text(_HEX, lambda text: min(int(text, 16), _UINT_MAX)),
        "float": _of_text(_FLOAT, float),
        "bool": _text_to_bool,
    },
    "int": {"string": _of_integer(str), "float": _of_integer(double), "uint": _of_integer(_uint)},
    "uint": {
        "string": _of_integer(lambda number: str(_uint(number))),
        "float": _of_integer(lambda number: float(_uint(number))),
        "int": _of_integer(_int),
    },
    "float": {
        "string": _of_float(_float_text),
        "int": _of_float(_float_to_integer(_int)),
        "uint": _of_float(_float_to_integer(_uint)),
    },
}
"""From type to type to function."""
