from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats import stamps


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_every_second_is_written_as_its_date(second: int) -> None:
    expected = datetime.strptime(stamps.iso(second) + "+0000", "%Y-%m-%dT%H:%M:%S%z")
    assert (expected - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() == second
    assert datetime.strptime("2024 " + stamps.bsd(second), "%Y %b %d %H:%M:%S").replace(
        year=expected.year, tzinfo=UTC
    ) == (expected)


def test_the_day_of_the_month_is_padded_with_a_space() -> None:
    assert stamps.bsd(1_000_000) == "Jan 12 13:46:40"
    assert stamps.bsd(0) == "Jan  1 00:00:00"


@pytest.mark.parametrize(("second", "text"), [(2**64, "9999-12-31T23:59:59"), (-(2**64), "0001-01-01T00:00:00")])
def test_times_beyond_the_calendar_are_held_at_its_ends(second: int, text: str) -> None:
    assert stamps.iso(second) == text
