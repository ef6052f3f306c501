"""Bars of a round width that cover the range."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.server.domain.histogram import WANTED, Bar, Grid, bars, grid

SECOND = 10**9


@pytest.mark.parametrize(
    ("seconds", "width"), [(1, 0.1), (15 * 60, 15), (3600, 60), (6 * 3600, 300), (86_400, 1800), (30 * 86_400, 43_200)]
)
def test_widths_are_round(seconds: int, width: float) -> None:
    assert grid(0, seconds * SECOND).width_ns == width * SECOND


@given(st.integers(-(2**61), 2**62), st.integers(1, 2**55))
def test_the_bars_cover_the_range_and_are_not_too_many(start: int, span: int) -> None:
    found = grid(start, start + span)
    assert found.start_ns <= start
    assert found.start_ns % found.width_ns == 0
    end = found.start_ns + found.number * found.width_ns
    assert end - found.width_ns < start + span <= end
    assert found.number <= WANTED + 1


def test_empty_bars_are_there() -> None:
    assert bars(Grid(100, 10, 3), {1: (5, 2)}) == [Bar(100, 0, 0), Bar(110, 5, 2), Bar(120, 0, 0)]
