"""The rules of rewrite_tag. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from outrider.formats import values, words
from outrider.formats.accessor import field
from outrider.formats.regex import Match, Regex
from outrider.formats.templates import Template
from outrider.model.batch import Record


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: which field, what it must match, the new tag, and whether the record itself goes on."""

    get: Callable[[Record], Any]
    search: Callable[[str], Match | None]
    tag: Template
    keep: bool


def rule(text: str) -> Rule:
    """A rule from its text. Raises ValueError."""
    found = words.tokens(text, 4)
    if len(found) != 4:
        raise ValueError("four words are expected: $KEY REGEX NEW_TAG KEEP; put what has blanks in double quotes")
    key, pattern, tag, keep = found
    return Rule(field(key), Regex(pattern).search, Template(tag), values.boolean(keep))
