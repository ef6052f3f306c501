"""Shapes: each record is treated as its own keys say, whatever its neighbours are."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outrider.pipeline.common.shapes import Reshape, Shapes, reshape, unchanged

KEYS = st.sampled_from(["a", "b", "c", "d", 1, True, b"a"])
RECORDS = st.lists(st.dictionaries(KEYS, st.integers(), max_size=4), max_size=20)


def mark(keys: tuple[Any, ...]) -> Reshape:
    return lambda records: [{"shape": [repr(key) for key in keys], **record} for record in records]


@given(RECORDS)
def test_every_record_gets_the_plan_for_its_own_keys(records: list[dict[Any, Any]]) -> None:
    expected = [{"shape": [repr(key) for key in record], **record} for record in records]
    shapes = Shapes(mark)
    assert shapes.apply(list(records)) == expected
    assert shapes.apply(list(records)) == expected


def test_any_number_of_shapes_is_taken_and_not_all_are_remembered() -> None:
    asked: list[tuple[Any, ...]] = []

    def plan(keys: tuple[Any, ...]) -> Reshape:
        asked.append(keys)
        return unchanged

    shapes = Shapes(plan)
    records: list[dict[Any, Any]] = [{f"k{n}": n} for n in range(1_500)]
    assert shapes.apply(records) == records
    assert len(asked) == 1_500
    shapes.apply(records[-100:])
    assert len(asked) == 1_500
    shapes.apply(records[:1])
    assert len(asked) == 1_501
    for _ in range(2):
        shapes.apply([{"k" * 5_000: 1}])
    assert len(asked) == 1_503


SLOTS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "x", "y"]), st.integers(-2, 2)),
    max_size=6,
    unique_by=lambda slot: slot[0],
)


@given(SLOTS)
def test_reshape_makes_the_slots_whatever_their_order(slots: list[tuple[str, int]]) -> None:
    values: list[Any] = [1, 2, 3, "first", "second"]
    run = reshape(("a", "b", "c"), slots, ("first", "second"))
    expected = [(name, values[at]) for name, at in slots]
    assert [list(record.items()) for record in run([{"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2, "c": 3}])] == [
        expected,
        expected,
    ]
