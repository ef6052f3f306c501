"""nest: fields into a map, and out of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.batch import Batch
from outrider.model.errors import UserError


def changed(filter_of: Any, batch: Any, rules: list[tuple[str, str]], record: dict[Any, Any]) -> list[Any]:
    found = batch(dict(record), dict(record))
    filter_of("nest", rules).apply(found)
    assert found.records[0] == found.records[1]
    return list(found.records[0].items())


NEST = [("operation", "nest"), ("nest_under", "m")]
LIFT = [("operation", "lift"), ("nested_under", "m")]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([("wildcard", "a*")], [("b", 3), ("c", 4), ("m", {"a": 1, "ab": 2})]),
        ([("wildcard", "a")], [("ab", 2), ("b", 3), ("c", 4), ("m", {"a": 1})]),
        ([("wildcard", "c"), ("wildcard", "ab")], [("a", 1), ("b", 3), ("m", {"ab": 2, "c": 4})]),
        ([("wildcard", "*")], [("m", {"a": 1, "ab": 2, "b": 3, "c": 4})]),
        ([("wildcard", "z*")], [("a", 1), ("ab", 2), ("b", 3), ("c", 4)]),
        ([("wildcard", "a*"), ("add_prefix", "x_")], [("b", 3), ("c", 4), ("m", {"x_a": 1, "x_ab": 2})]),
        ([("wildcard", "ab"), ("remove_prefix", "a")], [("a", 1), ("b", 3), ("c", 4), ("m", {"b": 2})]),
        ([("wildcard", "ab"), ("remove_prefix", "b")], [("a", 1), ("b", 3), ("c", 4), ("m", {"ab": 2})]),
    ],
)
def test_nest(filter_of: Any, batch: Any, rules: list[tuple[str, str]], expected: list[Any]) -> None:
    assert changed(filter_of, batch, NEST + rules, {"a": 1, "ab": 2, "b": 3, "c": 4}) == expected


def test_a_field_in_the_place_of_the_map_is_overwritten(filter_of: Any, batch: Any) -> None:
    assert changed(filter_of, batch, [*NEST, ("wildcard", "a")], {"a": 1, "m": 2}) == [("m", {"a": 1})]
    assert changed(filter_of, batch, [*NEST, ("wildcard", "a")], {"a": 1, "m": 2, "c": 3}) == [
        ("m", {"a": 1}),
        ("c", 3),
    ]


def test_keys_that_are_no_text_stay_where_they_are(filter_of: Any, batch: Any) -> None:
    assert changed(filter_of, batch, [*NEST, ("wildcard", "*")], {5: 1, "a": 2}) == [(5, 1), ("m", {"a": 2})]


@pytest.mark.parametrize(
    ("rules", "record", "expected"),
    [
        ([], {"m": {"a": 1, "b": 2}, "z": 3}, [("z", 3), ("a", 1), ("b", 2)]),
        ([("add_prefix", "m_")], {"m": {"a": 1, 5: 2}, "z": 3}, [("z", 3), ("m_a", 1), (5, 2)]),
        ([("remove_prefix", "a")], {"m": {"ab": 1, "b": 2}, "z": 3}, [("z", 3), ("b", 2)]),
        ([], {"m": {}, "z": 3}, [("z", 3)]),
        ([], {"m": "text", "z": 3}, [("m", "text"), ("z", 3)]),
        ([], {"z": 3}, [("z", 3)]),
        ([], {"m": {"m": {"a": 1}}}, [("m", {"a": 1})]),
        ([], {"m": {"z": 1}, "z": 3}, [("z", 1)]),
    ],
)
def test_lift(filter_of: Any, batch: Any, rules: list[tuple[str, str]], record: Any, expected: list[Any]) -> None:
    assert changed(filter_of, batch, LIFT + rules, record) == expected


def test_either_name_of_the_map_serves_both_operations(filter_of: Any, batch: Any) -> None:
    nest = [("operation", "nest"), ("nested_under", "m"), ("wildcard", "a")]
    assert changed(filter_of, batch, nest, {"a": 1}) == [("m", {"a": 1})]
    assert changed(filter_of, batch, [("operation", "lift"), ("nest_under", "m")], {"m": {"a": 1}}) == [("a", 1)]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([], "Operation is missing; allowed: nest, lift"),
        ([("operation", "turn")], "allowed: , nest, lift|allowed: nest, lift"),
        ([("operation", "nest"), ("wildcard", "*")], "Operation nest needs nest_under"),
        ([("operation", "lift")], "Operation lift needs nested_under"),
        ([*NEST, ("add_prefix", "a"), ("remove_prefix", "b")], "cannot be used together"),
    ],
)
def test_what_is_refused(filter_of: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("nest", rules)


def test_nest_without_wildcard_is_said_to_do_nothing(filter_of: Any, batch: Any) -> None:
    plugin = filter_of("nest", NEST)
    found = batch({"a": 1})
    plugin.apply(found)
    assert found.records == [{"a": 1}]
    assert "nothing is nested without Wildcard" in plugin.logged()


async def test_nest_and_lift_in_a_pipeline(route: Any) -> None:
    went = await route(
        [("nest", [*NEST, ("wildcard", "a*")]), ("nest", [*LIFT, ("add_prefix", "x_")])],
        ("app", [{"a": 1, "b": 2}, {"b": 3}]),
    )
    assert went.records == [{"b": 2, "x_a": 1}, {"b": 3}]


@given(st.lists(st.dictionaries(st.sampled_from(["a", "a1", "a2", "b", "c"]), st.integers()), max_size=8))
def test_what_is_lifted_again_is_what_was_nested(filter_of: Any, records: list[dict[str, int]]) -> None:
    batch = Batch("t", list(range(len(records))), [dict(record) for record in records])
    filter_of("nest", [*NEST, ("wildcard", "a*"), ("remove_prefix", "a")]).apply(batch)
    for record, nested in zip(records, batch.records, strict=True):
        inner = {key[1:]: value for key, value in record.items() if key.startswith("a")}
        outer = {key: value for key, value in record.items() if not key.startswith("a")}
        assert nested == ({**outer, "m": inner} if inner else outer)
    filter_of("nest", [*LIFT, ("add_prefix", "a")]).apply(batch)
    assert batch.records == records
