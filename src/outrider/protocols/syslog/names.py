"""The words for severities and facilities, as syslog.conf and Fluent Bit spell them."""

from __future__ import annotations

from typing import Final

SEVERITIES: Final = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
"""By number, RFC 5424 table 2."""

FACILITIES: Final = (
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "clock",
    *(f"local{number}" for number in range(8)),
)
"""By number, RFC 5424 table 1. Fluent Bit has no word for 15, which it takes as a number only."""

_SEVERITY_NUMBERS = {name: number for number, name in enumerate(SEVERITIES)}
_FACILITY_NUMBERS = {name: number for number, name in enumerate(FACILITIES) if number != 15}


def severity_number(text: str) -> int | None:
    """``0`` to ``7`` or a name in any case, as Fluent Bit's output takes them; None for anything else."""
    if len(text) == 1 and "0" <= text <= "7":
        return int(text)
    return _SEVERITY_NUMBERS.get(text.lower())


def facility_number(text: str) -> int | None:
    """``0`` to ``23`` or a name in any case, as Fluent Bit's output takes them; None for anything else."""
    if text.isascii() and text.isdigit() and len(text) <= 2:
        number = int(text)
        return number if number < len(FACILITIES) else None
    return _FACILITY_NUMBERS.get(text.lower())
