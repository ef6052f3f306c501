"""How values look on a page: filters and functions for the templates (pure; the clock comes in)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from outrider.server.api.views import RecordView
from outrider.server.domain.containers import short_name
from outrider.server.domain.histogram import Bar
from outrider.server.domain.hosts import spoken

RANGES = {
    "15m": "Last 15 minutes",
    "1h": "Last hour",
    "6h": "Last 6 hours",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
}
CHART_HEIGHT = 60
SOURCE_WIDTHS = (16, 24, 32, 40, 48)
"""Widths in characters, each a class of the style sheet; longer names are wrapped."""
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


def second(ns: int) -> str:
    """``2026-01-31 14:03:05``."""
    return f"{_moment(ns):%Y-%m-%d %H:%M:%S}"


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


def source_width(records: Sequence[RecordView]) -> int:
    """The width at which host and container of all these records stand in full, as far as there is room."""
    longest = max((len(record.host_name) + len(short_name(record.container)) + 3 for record in records), default=0)
    return next((width for width in SOURCE_WIDTHS if width >= longest), SOURCE_WIDTHS[-1])


class ChartBar(NamedTuple):
    """A bar in units of the chart; ``link`` shows only its records."""

    x: float
    height: float
    bad_height: float
    title: str
    link: str


class Chart(NamedTuple):
    """Bars beside one another, each 10 wide, as high as ``CHART_HEIGHT`` at most."""

    width: int
    total: int
    start: str
    end: str
    bars: list[ChartBar]


def chart(bars: Sequence[Bar], width_ns: int, link_to: Callable[[str, str], str]) -> Chart:
    """``link_to(from, to)`` is the address of one bar's records."""
    top = max((bar.records for bar in bars), default=0) or 1
    drawn = []
    for n, bar in enumerate(bars):
        if not bar.records:
            continue
        end_ns = bar.start_ns + width_ns
        bad = f", {bar.bad:,} errors" if bar.bad else ""
        title = f"{day(bar.start_ns)} {_short(bar.start_ns)} to {_short(end_ns)}: {bar.records:,} records{bad}"
        # One record beside a million is still to be seen.
        height = max(bar.records / top * CHART_HEIGHT, 1.5)
        bad_height = max(bar.bad / top * CHART_HEIGHT, 1.5) if bar.bad else 0
        link_text = link_to(_input(bar.start_ns), _input(end_ns)) if width_ns >= 10**9 else ""
        drawn.append(ChartBar(n * 10, round(height, 2), round(bad_height, 2), title, link_text))
    total = sum(bar.records for bar in bars)
    if not bars:
        return Chart(0, 0, "", "", [])
    last = bars[-1].start_ns + width_ns
    return Chart(len(bars) * 10, total, _edge(bars[0].start_ns), _edge(last), drawn)


def _short(ns: int) -> str:
    return f"{_moment(ns):%H:%M:%S}".removesuffix(":00")


def _edge(ns: int) -> str:
    return f"{_moment(ns):%Y-%m-%d %H:%M}"


def _input(ns: int) -> str:
    """As a ``datetime-local`` field writes it."""
    return f"{_moment(ns):%Y-%m-%dT%H:%M:%S}"


def _moment(ns: int) -> datetime.datetime:
    return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=ns // 10**9)
