from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import ns

from outrider.protocols.syslog.dates import find, rfc3339

SECOND = 1_000_000_000


NOW = ns("2026-11-21T09:30:00")


@pytest.mark.parametrize(
    ("text", "time", "fraction", "rest"),
    [
        ("Nov 21 09:30:00 x", "2026-11-21T09:30:00", 0, " x"),
        ("Nov  1 09:30:00 x", "2026-11-01T09:30:00", 0, " x"),
        ("Nov 1 09:30:00 x", "2026-11-01T09:30:00", 0, " x"),
        ("Nov 01 09:30:00", "2026-11-01T09:30:00", 0, ""),
        ("nov 21 09:30:00.25: x", "2026-11-21T09:30:00", 250_000_000, ": x"),
        ("Nov 21 2025 09:30:00: x", "2025-11-21T09:30:00", 0, ": x"),
        ("2025 Nov 21 09:30:00 x", "2025-11-21T09:30:00", 0, " x"),
        ("Fri Nov 21 09:30:00 x", "2026-11-21T09:30:00", 0, " x"),
        ("Nov 21 09:30:00 2025 x", "2025-11-21T09:30:00", 0, " x"),
        ("Nov 21 09:30:00 UTC: x", "2026-11-21T09:30:00", 0, ": x"),
        ("Nov 21 09:30:00.123 EST: x", "2026-11-21T14:30:00", 123_000_000, ": x"),
        ("Nov 21 09:30:00 2025 +0130 x", "2025-11-21T08:00:00", 0, " x"),
        ("2026-11-21T09:30:00Z x", "2026-11-21T09:30:00", 0, " x"),
        ("2026-11-21T09:30:00.123456+01:00 x", "2026-11-21T08:30:00", 123_456_000, " x"),
        ("2026-11-21 09:30:00,5 x", "2026-11-21T09:30:00", 500_000_000, " x"),
        ("2026-11-21T09:30:60-0030: x", "2026-11-21T10:01:00", 0, ": x"),
        ("1795253400.000000007 x", "2026-11-21T09:30:00", 7, " x"),
    ],
)
def test_times_that_devices_send(text: str, time: str, fraction: int, rest: str) -> None:
    stamp = find(text, 0, NOW)[0]
    assert (stamp.ns, text[stamp.end :]) == (ns(time) + fraction, rest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nov",
        "Nov 32 09:30:00 x",
        "Nov 21 24:30:00 x",
        "Nov 21 09:60:00 x",
        "Nov 21 9:30:00 x",
        "Foo 21 09:30:00 x",
        "2026-13-21T09:30:00Z x",
        "2026-02-30T09:30:00Z x",
        "2026-11-21T09:30:00Zx",
        "2026-11-21T25:30:00Z",
        "12345.5 x",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert find(text, 0, NOW) == []


@pytest.mark.parametrize(
    ("received", "text", "time"),
    [
        ("2027-01-01T00:00:10", "Dec 31 23:59:59", "2026-12-31T23:59:59"),
        ("2026-12-31T23:59:50", "Jan  1 00:00:01", "2027-01-01T00:00:01"),
        ("2026-11-21T09:30:00", "Nov 22 09:00:00", "2026-11-22T09:00:00"),
        ("2026-11-21T09:30:00", "Nov 23 09:00:00", "2025-11-23T09:00:00"),
        ("2026-11-21T09:30:00", "May  1 00:00:00", "2026-05-01T00:00:00"),
        ("2026-11-21T09:30:00", "Feb 29 10:00:00", "2024-02-29T10:00:00"),
        ("2101-03-01T00:00:00", "Feb 29 10:00:00", "2096-02-29T10:00:00"),
    ],
)
def test_a_missing_year_is_the_latest_that_is_not_in_the_future(received: str, text: str, time: str) -> None:
    assert find(text, 0, ns(received))[0].ns == ns(time)


def test_words_behind_the_time_may_be_a_host() -> None:
    assert [stamp.end for stamp in find("Nov 21 09:30:00 2025 x", 0, NOW)] == [20, 15]
    assert [stamp.end for stamp in find("Nov 21 09:30:00 estonia x", 0, NOW)] == [15]


@given(st.datetimes().filter(lambda time: 1 < time.year < 9999), st.integers(-23 * 60, 23 * 60))
def test_rfc3339_is_read_as_the_standard_library_does(time: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{time.isoformat(timespec='microseconds')}{sign}{hours:02d}:{rest:02d}"
    expected = time.replace(tzinfo=UTC) - timedelta(minutes=minutes) - datetime(1970, 1, 1, tzinfo=UTC)
    assert rfc3339(text) == expected // timedelta(microseconds=1) * 1000


@given(st.text(alphabet="Nov 21:093.+-ZT2026UC<", max_size=30), st.integers(-(2**63), 2**80))
def test_any_text_and_any_time_of_receipt(text: str, received: int) -> None:
    for stamp in find(text, 0, received):
        assert 0 < stamp.end <= len(text)
    assert rfc3339(text) is None or text[4] == "-"
