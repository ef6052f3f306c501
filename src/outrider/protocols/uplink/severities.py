"""The names of severities: a server understands any of these spellings, in any case of letters."""

from __future__ import annotations

SPELLINGS: dict[str, tuple[str, ...]] = {
    "emergency": ("emerg", "emergency", "panic"),
    "alert": ("alert",),
    "critical": ("crit", "critical", "fatal"),
    "error": ("err", "error"),
    "warning": ("warn", "warning"),
    "notice": ("notice",),
    "info": ("info", "informational", "information"),
    "debug": ("debug", "trace"),
}
"""Worst first."""
NAMES = {spelling: name for name, spellings in SPELLINGS.items() for spelling in spellings}
"""Spelling in lower case to name."""
