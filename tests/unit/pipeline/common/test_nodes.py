"""Whose turn it is, with members that fail and come back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outrider.pipeline.common.nodes import Turns


def test_members_take_turns() -> None:
    turns = Turns("abc")
    assert ["".join(turns.order(0)) for _ in range(4)] == ["abc", "bca", "cab", "abc"]


def test_a_member_that_failed_comes_last_until_its_time_is_over() -> None:
    turns = Turns("abc")
    assert turns.failed("b", 100) == 10
    assert ["".join(turns.order(105)) for _ in range(2)] == ["acb", "cab"]
    assert ["".join(turns.order(110)) for _ in range(2)] == ["cab", "abc"]


def test_each_failure_makes_the_pause_longer_and_success_ends_it() -> None:
    turns = Turns("ab")
    assert [turns.failed("a", 0) for _ in range(5)] == [10, 20, 40, 60, 60]
    assert turns.worked("a")
    assert not turns.worked("a")
    assert turns.order(0) == ["a", "b"]
    assert turns.failed("a", 0) == 10


def test_when_all_have_failed_the_first_whose_pause_ends_is_tried_first() -> None:
    turns = Turns("ab")
    turns.failed("b", 0)
    turns.failed("a", 5)
    assert turns.order(6) == ["b", "a"]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 100)), max_size=40))
def test_everybody_is_asked_whatever_has_failed(course: list[tuple[int, bool, int]]) -> None:
    turns, now = Turns(range(4)), 0
    troubled: set[int] = set()
    for member, works, seconds in course:
        now += seconds
        if works:
            turns.worked(member)
            troubled.discard(member)
        else:
            turns.failed(member, now)
            troubled.add(member)
        order = turns.order(now)
        assert sorted(order) == [0, 1, 2, 3]
        assert works or len(troubled) == 4 or order[0] != member
