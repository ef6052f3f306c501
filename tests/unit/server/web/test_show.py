"""How values look."""

import pytest

from outrider.server.domain.histogram import Bar
from outrider.server.web import show

SECOND = 10**9


def test_times() -> None:
    ns = 1_700_000_000_123_456_789
    assert show.clock_time(ns) == "22:13:20.123"
    assert show.day(ns) == "2023-11-14"
    assert show.full_time(ns) == "2023-11-14 22:13:20.123456789 UTC"
    assert show.iso_time(ns) == "2023-11-14T22:13:20Z"
    assert show.full_time(-1) == "1969-12-31 23:59:59.999999999 UTC"


@pytest.mark.parametrize(
    ("ns", "text"), [(0, "never"), (98 * SECOND, "just now"), (40 * SECOND, "1 minute ago"), (200 * SECOND, "just now")]
)
def test_ago(ns: int, text: str) -> None:
    assert show.ago(ns, 100 * SECOND) == text


def test_a_chart_has_a_bar_for_each_interval_with_records() -> None:
    minute = 60 * SECOND
    bars = [Bar(0, 0, 0), Bar(minute, 1000, 250), Bar(2 * minute, 1, 1)]
    chart = show.chart(bars, minute, lambda a, b: f"{a}..{b}")
    assert (chart.width, chart.total, chart.start, chart.end) == (30, 1001, "1970-01-01 00:00", "1970-01-01 00:03")
    full, small = chart.bars
    assert (full.x, full.height, full.bad_height) == (10, show.CHART_HEIGHT, show.CHART_HEIGHT / 4)
    assert full.link == "1970-01-01T00:01:00..1970-01-01T00:02:00"
    assert full.title == "1970-01-01 00:01 to 00:02: 1,000 records, 250 errors"
    assert (small.height, small.bad_height) == (1.5, 1.5)


def test_bars_under_a_second_are_not_links() -> None:
    (bar,) = show.chart([Bar(0, 1, 0)], SECOND // 10, lambda a, b: "x").bars
    assert bar.link == ""


def test_an_empty_chart() -> None:
    assert show.chart([], 1, lambda a, b: "").total == 0
    assert show.chart([Bar(0, 0, 0)], SECOND, lambda a, b: "").bars == []


def test_links_are_quoted_and_leave_out_what_is_empty() -> None:
    assert show.link("/logs", host="a&b", from_="1 h", q="", to=None) == "/logs?host=a%26b&from=1+h"
    assert show.link("/logs") == "/logs"
