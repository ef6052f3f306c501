"""JSON texts to values: by msgspec, and by Python's own decoder where that is too strict for what Fluent Bit takes.

The slower way takes bytes that are not UTF-8 (as surrogate escapes), control characters inside strings and numbers out
of range; half of a surrogate pair is U+FFFD. Texts that nest too deep for either are no JSON here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

import msgspec

_decode: Final[Callable[[str], Any]] = msgspec.json.Decoder().decode
# An escape, or two that are one character; half of such a pair is the group.
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_OBJECT: Final = frozenset({dict})


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_lenient: Final = json.JSONDecoder(strict=False, parse_constant=_no_constant)


def json_object(text: str) -> dict[str, Any] | None:
    """The object that a text is, blanks around it or not; None for anything else. Never raises."""
    try:
        value = _decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        value = _slowly(text)
    return value if type(value) is dict else None


def json_objects(texts: Sequence[str]) -> list[dict[str, Any] | None]:
    """``json_object`` of many texts, at once where all of them are objects."""
    try:
        values = list(map(_decode, texts))
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return list(map(json_object, texts))
    if _OBJECT.issuperset(map(type, values)):
        return values
    return [value if type(value) is dict else None for value in values]


def _slowly(text: str) -> Any:
    """Any JSON value, or None."""
    text = text.strip(" \t\r\n")
    if text[:1] != "{" or text[-1:] != "}":
        return None
    if "\\u" in text:
        text = _ESCAPE.sub(lambda match: r"\ufffd" if match[1] else match[0], text)
    try:
        return _lenient.decode(text)
    except (ValueError, RecursionError):
        return None
