"""Structured data of RFC 5424, section 6.3: ``[id name="value" name="value"][id …]``."""

from __future__ import annotations

import re

_NAME = r'[^ =\]"]+'
_PARAMETER = re.compile(rf' +({_NAME})="([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_ID = re.compile(rf"\[({_NAME})")
_ESCAPE = re.compile(r'\\(["\\\]])')


def read(text: str, at: int) -> tuple[dict[str, dict[str, str]], int] | None:
    """The elements that begin at ``at``, and where they end; ``-`` is none of them. None if the text is neither.

    A name that is given several times in one element has its values joined by commas.
    """
    if text.startswith("-", at):
        return {}, at + 1
    elements: dict[str, dict[str, str]] = {}
    while match := _ID.match(text, at):
        members = elements.setdefault(match[1], {})
        at = match.end()
        while parameter := _PARAMETER.match(text, at):
            value = _ESCAPE.sub(r"\1", parameter[2])
            name = parameter[1]
            members[name] = f"{members[name]},{value}" if name in members else value
            at = parameter.end()
        if not text.startswith("]", at):
            return None
        at += 1
    return (elements, at) if elements else None
