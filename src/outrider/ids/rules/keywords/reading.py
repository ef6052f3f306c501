"""What readers of keywords share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from outrider.ids.rules.draft import Draft
from outrider.ids.rules.refusal import RuleError

Reader: TypeAlias = Callable[[Draft, str], None]
"""Reads the value of a keyword. Raises RuleError."""
Flag: TypeAlias = Callable[[Draft], None]
"""Heeds a keyword that has no value."""

_ESCAPED: Final = re.compile(r'\\([;":\\])')


def unquoted(text: str, what: str, *, needed: bool = True) -> str:
    """What stands between double quotes. Raises RuleError."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    if needed or '"' in text:
        raise RuleError(f"{what} takes a value in double quotes")
    return text


def negatable(text: str) -> tuple[bool, str]:
    """Whether an exclamation mark stands before the value, and the value."""
    negated = text.startswith("!")
    return negated, text[1:].lstrip() if negated else text


def unescaped(text: str) -> str:
    r"""A text with ``\;``, ``\"``, ``\:`` and ``\\`` taken for what they stand for; other backslashes stay."""
    return _ESCAPED.sub(r"\1", text)


def words(text: str) -> list[str]:
    """The parts between commas, without the blanks around them."""
    return [word.strip() for word in text.split(",")]


def settings(text: str, what: str) -> Iterator[tuple[str, str]]:
    """Parts between commas as name and value, which a blank parts. Raises RuleError for a name that comes twice."""
    seen = set[str]()
    for word in words(text):
        name, _, value = word.partition(" ")
        if not name or name in seen:
            raise RuleError(f"{what}: '{name}' stands there twice" if name else f"{what}: a part is empty")
        seen.add(name)
        yield name, value.strip()
