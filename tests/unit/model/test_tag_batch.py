"""Tags that match, and batches that lose records."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.batch import Batch
from outrider.model.tag import matcher

letters = st.text("ab.*", max_size=6)


@given(letters, st.text("ab.", max_size=6))
def test_match_is_as_in_the_shell_with_a_star_alone(pattern: str, tag: str) -> None:
    assert matcher(pattern)(tag) == fnmatchcase(tag, pattern)


@pytest.mark.parametrize(
    ("pattern", "tag", "fits"),
    [
        ("app?", "app1", False),
        ("[a]", "a", False),
        ("APP", "app", False),
        ("a*c", "a\nc", True),
        ("", "", True),
        ("*", "", True),
        ("*" * 50 + "b", "a" * 5000, False),
    ],
)
def test_nothing_else_is_special(pattern: str, tag: str, fits: bool) -> None:
    assert matcher(pattern)(tag) is fits


def test_many_stars_cost_little() -> None:
    assert not matcher("a*" * 20 + "c")("a" * 100_000)


@given(st.lists(st.booleans(), max_size=8))
def test_keep(chosen: list[bool]) -> None:
    numbers = range(len(chosen))
    batch = Batch("t", list(numbers), [{"n": n} for n in numbers], [{"m": n} for n in numbers])
    batch.keep(chosen)
    left = [n for n in numbers if chosen[n]]
    assert batch.times == left
    assert batch.records == [{"n": n} for n in left]
    assert batch.metadata == [{"m": n} for n in left]
    assert len(batch) == len(left)
