"""The times that real devices put into syslog messages.

RFC 3164 has neither year nor zone. A missing year is the latest for which the time is not more than a day after the
time of receipt, so that a message of December that arrives in January is last year's; a missing zone is UTC.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from outrider.formats.stamps import MONTHS, NANOSECONDS, civil

_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()
_MONTHS: Final = {name.lower(): number for number, name in enumerate(MONTHS, 1)}
_LEAP_YEARS_APART: Final = 8
_ZONES: Final = {
    "utc": 0,
    "gmt": 0,
    "z": 0,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
    "cet": 1,
    "cest": 2,
}

_MONTH = "|".join(MONTHS)
_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_BSD = re.compile(
    rf"(?:(?P<first>\d{{4}}) )?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
    rf"(?P<month>{_MONTH}) {{1,2}}(?P<day>\d\d?) (?:(?P<middle>\d{{4}}) )?{_CLOCK}",
    re.ASCII | re.IGNORECASE,
)
_BEHIND = re.compile(
    rf"(?: (?P<year>(?:19|20)\d\d))?(?: (?P<zone>{'|'.join(_ZONES)}|[+-]\d\d:?\d\d)(?![\w.-]))?",
    re.ASCII | re.IGNORECASE,
)
_ISO = re.compile(
    rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)[T ]{_CLOCK}(?P<zone>Z|[+-]\d\d:?\d\d)?(?=[ :]|$)",
    re.ASCII | re.IGNORECASE,
)
_EPOCH_SECONDS = re.compile(r"(?P<second>\d{9,10})\.(?P<fraction>\d{1,9})(?= |$)", re.ASCII)


class Stamp(NamedTuple):
    """A time in nanoseconds since the epoch, and where the text goes on behind it."""

    ns: int
    end: int


def find(text: str, at: int, received_ns: int) -> list[Stamp]:
    """The readings of a time that begins at ``at``, the longest first; none if there is no time.

    There are two where a year or zone may follow the time, for these words may also be a host's name.
    """
    if match := _ISO.match(text, at):
        return _iso(match)
    if match := _EPOCH_SECONDS.match(text, at):
        return [Stamp(int(match["second"]) * NANOSECONDS + _fraction(match["fraction"]), match.end())]
    match = _BSD.match(text, at)
    if match is None:
        return []
    found = []
    behind = _BEHIND.match(text, match.end())
    if behind is not None and behind.end() > match.end():
        found.append(_bsd(match, behind["year"], behind["zone"], behind.end(), received_ns))
    found.append(_bsd(match, None, None, match.end(), received_ns))
    return [stamp for stamp in found if stamp is not None]


def rfc3339(text: str) -> int | None:
    """A whole text that is a time of RFC 3339, in nanoseconds; None if it is none."""
    match = _ISO.fullmatch(text)
    stamps = _iso(match) if match else []
    return stamps[0].ns if stamps else None


def _iso(match: re.Match[str]) -> list[Stamp]:
    day = _ordinal(int(match["year"]), int(match["month"]), int(match["day"]))
    clock = _clock(match["hour"], match["minute"], match["second"])
    if day is None or clock is None:
        return []
    seconds = day * _DAY + clock - _offset(match["zone"])
    return [Stamp(seconds * NANOSECONDS + _fraction(match["fraction"]), match.end())]


def _bsd(match: re.Match[str], year: str | None, zone: str | None, end: int, received_ns: int) -> Stamp | None:
    month, day = _MONTHS[match["month"].lower()], int(match["day"])
    clock = _clock(match["hour"], match["minute"], match["second"])
    if clock is None:
        return None
    clock -= _offset(zone)
    written = match["first"] or match["middle"] or year
    ordinal = _ordinal(int(written), month, day) if written else _recent(month, day, clock, received_ns // NANOSECONDS)
    if ordinal is None:
        return None
    return Stamp((ordinal * _DAY + clock) * NANOSECONDS + _fraction(match["fraction"]), end)


@lru_cache(maxsize=64)
def _ordinal(year: int, month: int, day: int) -> int | None:
    """Days since the epoch; None for a date that there is not."""
    try:
        return date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None


def _recent(month: int, day: int, clock: int, received: int) -> int | None:
    """The day in the latest year for which the time is not more than a day after the receipt."""
    this_year = civil(received).year
    for year in range(this_year + 1, this_year - _LEAP_YEARS_APART - 1, -1):
        ordinal = _ordinal(year, month, day)
        if ordinal is not None and ordinal * _DAY + clock <= received + _DAY:
            return ordinal
    return None


def _clock(hour: str, minute: str, second: str) -> int | None:
    """Seconds of the day; 60 is a leap second."""
    if int(hour) > 23 or int(minute) > 59 or int(second) > 60:
        return None
    return int(hour) * 3600 + int(minute) * 60 + int(second)


def _fraction(digits: str | None) -> int:
    return int(digits.ljust(9, "0")) if digits else 0


def _offset(zone: str | None) -> int:
    """Seconds east of Greenwich."""
    if not zone:
        return 0
    if zone[0] in "+-":
        seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        return -seconds if zone[0] == "-" else seconds
    return _ZONES[zone.lower()] * 3600
