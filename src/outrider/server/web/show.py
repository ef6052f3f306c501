"""How values look on a page: filters and functions for the templates (pure; the clock comes in)."""

from __future__ import annotations

import datetime
from urllib.parse import urlencode

from outrider.server.domain.hosts import spoken

RANGES = {
    "15m": "Last 15 minutes",
    "1h": "Last hour",
    "6h": "Last 6 hours",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
}
SEVERITIES = {
    "": "Any severity",
    "error+": "Error and worse",
    "warning+": "Warning and worse",
    "notice+": "Notice and worse",
    "info+": "Info and worse",
    "debug": "Debug only",
}


def clock_time(ns: int) -> str:
    """``14:03:05.123``."""
    return f"{_moment(ns):%H:%M:%S}.{ns // 10**6 % 1000:03d}"


def day(ns: int) -> str:
    """``2026-01-31``."""
    return f"{_moment(ns):%Y-%m-%d}"


def full_time(ns: int) -> str:
    """``2026-01-31 14:03:05.123456789 UTC``."""
    return f"{_moment(ns):%Y-%m-%d %H:%M:%S}.{ns % 10**9:09d} UTC"


def iso_time(ns: int) -> str:
    """For a ``time`` element."""
    return f"{_moment(ns):%Y-%m-%dT%H:%M:%S}Z"


def ago(ns: int, now_ns: int) -> str:
    """``3 minutes ago``; ``never`` for 0."""
    if not ns:
        return "never"
    if now_ns - ns < 5 * 10**9:
        return "just now"
    return f"{spoken(now_ns - ns)} ago"


def number(value: int) -> str:
    """``1,234,567``."""
    return f"{value:,}"


def span(seconds: float) -> str:
    """``3 hours``."""
    return spoken(int(seconds * 10**9))


def link(path: str, **parameters: str | None) -> str:
    """A path with the parameters that are not empty."""
    given = {name.rstrip("_"): value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def _moment(ns: int) -> datetime.datetime:
    return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=ns // 10**9)
