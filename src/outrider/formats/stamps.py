"""A second of UTC as text. Records come in runs of the same second, so the last few are remembered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

NANOSECONDS: Final = 1_000_000_000
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -62_135_596_800
_LAST = 253_402_300_799


@lru_cache(maxsize=256)
def civil(second: int) -> datetime:
    """The UTC date and time of a second since the epoch, held within the years 1 to 9999."""
    return _EPOCH + timedelta(seconds=min(max(second, _FIRST), _LAST))


@lru_cache(maxsize=256)
def bsd(second: int) -> str:
    """``Nov 21 09:30:00``, the day of the month padded with a space: the time of RFC 3164."""
    t = civil(second)
    return f"{MONTHS[t.month - 1]} {t.day:2d} {t.hour:02d}:{t.minute:02d}:{t.second:02d}"


@lru_cache(maxsize=256)
def iso(second: int) -> str:
    """``2026-11-21T09:30:00``, without fraction and zone."""
    return civil(second).replace(tzinfo=None).isoformat("T", "seconds")
