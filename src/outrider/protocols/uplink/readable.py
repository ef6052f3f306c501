"""Text that JSON and UTF-8 have no form for (undecodable bytes, as surrogate escapes), made readable."""

from __future__ import annotations

import re
from typing import Any, Final

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def readable_text(text: str) -> str:
    """The text with ``\\xHH`` for each undecodable byte and ``\\uHHHH`` for any other lone surrogate."""
    return _SURROGATE.sub(_escaped, text)


def readable(value: Any) -> Any:
    """A tree of lists and dicts with every text in it made readable."""
    if isinstance(value, str):
        return readable_text(value)
    if isinstance(value, dict):
        return {readable(key): readable(member) for key, member in value.items()}
    if isinstance(value, list):
        return [readable(member) for member in value]
    return value


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    # The lower 128 stand for one undecodable byte each (PEP 383); others were never bytes.
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
