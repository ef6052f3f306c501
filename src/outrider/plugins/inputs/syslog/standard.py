"""Whether a parser of the user's is a standard syslog parser, whose lines are recognised faster without it."""

from __future__ import annotations

import re
from typing import Final

from outrider.pipeline.config.definitions import ParserOptions
from outrider.pipeline.config.stock import PARSERS

NAMES: Final = ("syslog-rfc5424", "syslog-rfc3164", "syslog-rfc3164-local")
_SAME: Final = (("a-zA-Z0-9_", r"\w"), ("A-Za-z0-9_", r"\w"), ("[0-9]", r"\d"))
_NEEDLESS: Final = re.compile(r"\\([^A-Za-z0-9])")


def is_standard(own: ParserOptions) -> bool:
    """Whether it makes the fields that the built-in recognition makes: the expression is a standard one, written in
    any of the usual ways, and nothing else is asked for."""
    plain = ParserOptions(
        name=own.name, format="regex", regex=own.regex, time_format=own.time_format, time_strict=own.time_strict
    )
    return own == plain and _normal(own.regex) in _EXPRESSIONS


def _normal(pattern: str) -> str:
    pattern = pattern.removeprefix("/").removesuffix("/")
    for one, other in _SAME:
        pattern = pattern.replace(one, other)
    return _NEEDLESS.sub(r"\1", pattern)


_EXPRESSIONS: Final = frozenset(_normal(PARSERS[name]["regex"]) for name in NAMES)
