"""When to try again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.pipeline.schedule import wait_bounds, wait_seconds


@pytest.mark.parametrize(
    ("attempt", "bounds"), [(1, (6, 11)), (2, (6, 21)), (3, (6, 41)), (9, (6, 2001)), (10**6, (6, 2001))]
)
def test_bounds_grow_to_the_cap(attempt: int, bounds: tuple[int, int]) -> None:
    assert wait_bounds(attempt, 5, 2000) == bounds


@given(st.integers(1, 10_000), st.integers(1, 5000), st.integers(1, 5000))
def test_a_wait_is_within_its_bounds(attempt: int, base: int, cap: int) -> None:
    low, high = wait_bounds(attempt, base, cap)
    assert 1 < low <= high <= max(base, cap) + 1
    assert low <= wait_seconds(attempt, base, cap, random.randint) <= high
