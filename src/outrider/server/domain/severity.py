"""Severities: the names that syslog and applications use, and their order."""

from __future__ import annotations

from outrider.model.errors import UserError

ORDER = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
"""Worst first."""
_SPELLINGS: dict[str, tuple[str, ...]] = {
    "emergency": ("emerg", "emergency", "panic"),
    "alert": ("alert",),
    "critical": ("crit", "critical", "fatal"),
    "error": ("err", "error"),
    "warning": ("warn", "warning"),
    "notice": ("notice",),
    "info": ("info", "informational", "information"),
    "debug": ("debug", "trace"),
}
_NAME = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}


def normal(text: str) -> str:
    """The name in ``ORDER`` for any spelling in any case; other texts come back in lower case."""
    lower = text.strip().lower()
    return _NAME.get(lower, lower)


def chosen(text: str) -> tuple[str, ...]:
    """The spellings (lower case) that a filter stands for: ``error``, ``error,info``, or ``warning+`` (that and worse).

    Empty text is no filter. Raises ``UserError``.
    """
    names: set[str] = set()
    for part in filter(None, (p.strip().lower() for p in text.split(","))):
        name = normal(part.removesuffix("+"))
        if name not in _SPELLINGS:
            raise UserError(
                f"unknown severity '{part}'", found=name, allowed=ORDER, fix="a '+' behind a name means 'and worse'"
            )
        names.update(ORDER[: ORDER.index(name) + 1] if part.endswith("+") else (name,))
    return tuple(spelling for name in ORDER if name in names for spelling in _SPELLINGS[name])
