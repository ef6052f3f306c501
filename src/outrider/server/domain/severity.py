"""Severities: the names that syslog and applications use, and their order."""

from __future__ import annotations

from outrider.model.errors import UserError
from outrider.protocols.uplink.severities import NAMES, SPELLINGS

ORDER = tuple(SPELLINGS)
"""Worst first."""


def normal(text: str) -> str:
    """The name in ``ORDER`` for any spelling in any case; other texts come back in lower case."""
    lower = text.strip().lower()
    return NAMES.get(lower, lower)


def chosen(text: str) -> tuple[str, ...]:
    """The spellings (lower case) that a filter stands for: ``error``, ``error,info``, or ``warning+`` (that and worse).

    Empty text is no filter. Raises ``UserError``.
    """
    names: set[str] = set()
    for part in filter(None, (p.strip().lower() for p in text.split(","))):
        name = normal(part.removesuffix("+"))
        if name not in SPELLINGS:
            raise UserError(
                f"unknown severity '{part}'", found=name, allowed=ORDER, fix="a '+' behind a name means 'and worse'"
            )
        names.update(ORDER[: ORDER.index(name) + 1] if part.endswith("+") else (name,))
    return tuple(spelling for name in ORDER if name in names for spelling in SPELLINGS[name])
