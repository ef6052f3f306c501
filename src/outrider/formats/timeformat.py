"""Texts to times by a format of ``strptime``, as Fluent Bit's parsers use it.

``%L`` is the fraction of the second. A blank in the format stands for any run of blanks, none included; numbers may
have fewer digits; what follows the last field is not looked at. Without a year, the year is the latest for which the
time is not more than a day after the time of reading; without a date it is that day's.
Source: Fluent Bit 5.1.1, ``src/flb_parser.c`` and ``src/flb_strptime.c``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from typing import Final, TypeAlias

from outrider.formats.stamps import MONTHS, NANOSECONDS, civil

Local: TypeAlias = Callable[[datetime], float]
"""Seconds since the epoch of a date and time that has no zone."""

TEXT_MAX: Final = 63
"""Longest text that is a time."""

_CACHE_MAX: Final = 1024
_DIGITS: Final = "0123456789"
_MARKS: Final = (r"\.", ",")
_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LEAP_YEARS_APART: Final = 8
_LONG_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_ZONES: Final[Mapping[str, int]] = {
    "z": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_SHORTHANDS: Final = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "h": "%b",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "x": "%m/%d/%y",
    "+": "%a %b %e %H:%M:%S %Z %Y",
}
_MONTH: Final = f"({'|'.join(_LONG_MONTHS)}|{'|'.join(MONTHS)})"
_WEEKDAY: Final = f"(?:{'|'.join(_DAYS)}|{'|'.join(day[:3] for day in _DAYS)})"
_FIELDS: Final[Mapping[str, str]] = {
    "A": _WEEKDAY,
    "a": _WEEKDAY,
    "B": _MONTH,
    "b": _MONTH,
    "C": r"(\d{1,2})",
    "d": r" ?([0-2]\d|3[01]|\d)",
    "e": r" ?([0-2]\d|3[01]|\d)",
    "G": r"\d{1,4}",
    "g": r"\d{1,2}",
    "H": r"([01]\d|2[0-3]|\d)",
    "I": r"(0\d|1[0-2]|\d)",
    "j": r"([0-2]\d\d|3[0-5]\d|36[0-6]|\d{1,2})",
    "k": r" ?([01]\d|2[0-3]|\d)",
    "L": r"(\d{1,9})\d*",
    "l": r" ?(0\d|1[0-2]|\d)",
    "M": r"([0-5]\d|\d)",
    "m": r"(0\d|1[0-2]|\d)",
    "p": r"(am|pm)",
    "S": r"([0-5]\d|60|\d)",
    "s": r"(-?\d{1,12})",
    "U": r"\d{1,2}",
    "u": r"[1-7]",
    "V": r"\d{1,2}",
    "W": r"\d{1,2}",
    "w": r"[0-6]",
    "Y": r"(\d{1,4})",
    "y": r"(\d{1,2})",
    "Z": rf"({'|'.join(sorted(_ZONES, key=len, reverse=True))})",
    "z": rf"([+-]\d\d(?::?\d\d)?|{'|'.join(sorted(_ZONES, key=len, reverse=True))})",
    "n": r"\s*",
    "t": r"\s*",
    "%": "%",
}
_SAME: Final = {"B": "b", "e": "d", "k": "H", "l": "I", "Z": "z"}
_SPEC: Final = re.compile(r"%(?:[EO]?(.))?|(\s+)|([^%\s]+)", re.DOTALL)


class TimeFormat:
    """A compiled format. Raises ValueError for one that names an unknown field.

    ``offset`` is the zone, in seconds east of Greenwich, of texts whose format has no zone, unless ``local`` tells.
    Where not ``strict``, a text needs to fit only at its beginning, and what it does not have counts as zero.
    """

    def __init__(self, form: str, *, offset: int = 0, local: Local | None = None, strict: bool = True) -> None:
        self.form = form
        self._steps, self._keys = _compile(form)
        # A Z behind the seconds is a zone, too.
        has_zone = "z" in self._keys or "%SZ" in form or "%S.%LZ" in form
        self._offset = 0 if has_zone else offset
        self._local = None if has_zone else local
        self._needs_today = not {"Y", "y", "s"} & set(self._keys)
        self._whole = re.compile(_whole(self._steps) if strict else _beginning(self._steps), re.ASCII | re.IGNORECASE)
        self._cache: dict[str, int | None] = {}
        self._mark = _mark(self._steps)
        self._day = 0

    def read(self, text: str, now: int) -> int | None:
        """Nanoseconds since the epoch; None for a text that is no such time. ``now`` decides what the text leaves out.

        Times come in runs of the same second, so the last ones are remembered, without their fractions.
        """
        if self._needs_today and now // (_DAY * NANOSECONDS) != self._day:
            self._day = now // (_DAY * NANOSECONDS)
            self._cache.clear()
        nanoseconds = 0
        if self._mark:
            head, _, rest = text.partition(self._mark)
            tail = rest.lstrip(_DIGITS)
            digits = rest[: len(rest) - len(tail)]
            if digits:
                nanoseconds = int(digits[:9].ljust(9, "0"))
                text = f"{head}{self._mark}0{tail}"  # any fraction will do to read the rest
        try:
            known = self._cache[text]
        except KeyError:
            known = self._read(text, now // NANOSECONDS)
            if len(self._cache) >= _CACHE_MAX:
                self._cache.clear()
            self._cache[text] = known
        return None if known is None else known + nanoseconds

    def _read(self, text: str, now: int) -> int | None:
        match = self._whole.match(text) if len(text) <= TEXT_MAX else None
        if match is None:
            return None
        parts = {key: value for key, value in zip(self._keys, match.groups(), strict=True) if value is not None}
        if not parts:
            return None
        try:
            seconds = self._seconds(parts, now)
        except (ValueError, OverflowError):  # a day that there is not
            return None
        return int(seconds) * NANOSECONDS + int(parts.get("L", "0").ljust(9, "0"))

    def _seconds(self, parts: Mapping[str, str], now: int) -> float:
        if "s" in parts:
            return int(parts["s"])
        clock = int(parts.get("M", 0)) * 60 + int(parts.get("S", 0))
        hour = int(parts.get("H", 0))
        if "I" in parts:
            hour = int(parts["I"]) % 12
        if parts.get("p", "").lower() == "pm" and hour < 12:
            hour += 12
        clock += hour * 3600 - (_zone(parts["z"]) if "z" in parts else self._offset)
        if self._needs_today:
            day = _recent(parts, clock, now)
        else:
            day = _ordinal(_year(parts), parts)
        if self._local is not None:
            return self._local(datetime.fromordinal(day + _EPOCH) + timedelta(seconds=clock))
        return day * _DAY + clock


def zone_offset(text: str) -> int:
    """``+0200``, ``-05:00`` or ``Z`` as seconds east of Greenwich. Raises ValueError."""
    if not re.fullmatch(r"[+-]\d\d:?\d\d|Z", text, re.ASCII):
        raise ValueError(f"'{text}' is not an offset; allowed: +HHMM, -HHMM, +HH:MM, Z")
    return _zone(text)


def _zone(text: str) -> int:
    if text[0] not in "+-":
        return _ZONES[text.lower()] * 3600
    digits = text[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if text[0] == "-" else seconds


def _year(parts: Mapping[str, str]) -> int:
    if "Y" in parts:
        return int(parts["Y"])
    short = int(parts["y"]) if "y" in parts else 70
    if "C" in parts:
        return int(parts["C"]) * 100 + short
    return short + (2000 if short < 69 else 1900)


def _ordinal(year: int, parts: Mapping[str, str]) -> int:
    """Days since the epoch. Raises ValueError for a date that there is not."""
    if "j" in parts:
        return date(year, 1, 1).toordinal() + int(parts["j"]) - 1 - _EPOCH
    month = parts.get("m") or str(_month(parts["b"]) if "b" in parts else 1)
    return date(year, int(month), int(parts.get("d", 1))).toordinal() - _EPOCH


def _month(name: str) -> int:
    return [month.lower() for month in MONTHS].index(name[:3].lower()) + 1


def _recent(parts: Mapping[str, str], clock: int, now: int) -> int:
    today = civil(now)
    if not {"m", "b", "j"} & parts.keys():
        return _ordinal(today.year, {"m": str(today.month), "d": parts.get("d", str(today.day))})
    for year in range(min(today.year + 1, MAXYEAR), max(today.year - _LEAP_YEARS_APART, MINYEAR) - 1, -1):
        try:
            day = _ordinal(year, parts)
        except ValueError:  # the 29th of February
            continue
        if day * _DAY + clock <= now + _DAY:
            return day
    raise ValueError("no such day in these years")


# ---- formats to expressions -----------------------------------------------------------------------------------------


def _compile(form: str) -> tuple[list[str], list[str]]:
    """An expression for each step of the format, and the fields that their groups are."""
    steps: list[str] = []
    keys: list[str] = []
    for match in _SPEC.finditer(form):
        letter, blank, literal = match[1], match[2], match[3]
        if blank:
            steps.append(r"\s*")
        elif literal:
            steps += [re.escape(char) for char in literal]
        elif letter in _SHORTHANDS:
            more_steps, more_keys = _compile(_SHORTHANDS[letter])
            steps += more_steps
            keys += more_keys
        elif letter in _FIELDS:
            steps.append(_FIELDS[letter])
            if "(" in _FIELDS[letter].replace("(?:", ""):
                keys.append(_SAME.get(letter, letter))
        else:
            allowed = " ".join(sorted(f"%{name}" for name in {*_FIELDS, *_SHORTHANDS}))
            raise ValueError(f"'%{letter or ''}' in the format '{form}' is not known; allowed: {allowed}")
    return steps, keys


def _whole(steps: list[str]) -> str:
    return "".join(steps)


def _beginning(steps: list[str]) -> str:
    """What fits as many of the steps as it can, one at least."""
    pattern = ""
    for step in reversed(steps[1:]):
        pattern = f"(?:{step}{pattern})?"
    return (steps[0] if steps else "") + pattern


def _mark(steps: list[str]) -> str:
    """The character before the fraction, if it stands nowhere before that in such times; else nothing."""
    fraction = _FIELDS["L"]
    at = steps.index(fraction) if steps.count(fraction) == 1 else 0
    mark = steps[at - 1] if at else ""
    return mark[-1] if mark in _MARKS and mark not in steps[: at - 1] else ""
