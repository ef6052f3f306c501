"""content_modifier: one action on one field."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.plugins.filters.content_modifier.actions import action
from outrider.plugins.filters.content_modifier.config import Options

RECORD: dict[str, Any] = {"a": "x", "n": 5, "log": "GET /index"}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([("action", "insert"), ("key", "z"), ("value", "v")], {"a": "x", "n": 5, "log": "GET /index", "z": "v"}),
        ([("action", "insert"), ("key", "a"), ("value", "v")], RECORD),
        ([("action", "upsert"), ("key", "a"), ("value", "v")], {"n": 5, "log": "GET /index", "a": "v"}),
        ([("action", "delete"), ("key", "a")], {"n": 5, "log": "GET /index"}),
        ([("action", "delete"), ("key", "z")], RECORD),
        ([("action", "rename"), ("key", "n"), ("value", "m")], {"a": "x", "m": 5, "log": "GET /index"}),
        ([("action", "rename"), ("key", "n"), ("value", "a")], {"a": 5, "log": "GET /index"}),
        ([("action", "hash"), ("key", "n")], {"a": "x", "n": sha("5"), "log": "GET /index"}),
        (
            [("action", "extract"), ("key", "log"), ("pattern", r"^(?<method>\w+) (?<a>\S+)(?<none>z)?")],
            {"n": 5, "log": "GET /index", "method": "GET", "a": "/index"},
        ),
        ([("action", "extract"), ("key", "n"), ("pattern", "(?<m>.)")], RECORD),
        ([("action", "extract"), ("key", "a"), ("pattern", "(?<m>y)")], RECORD),
        (
            [("action", "convert"), ("key", "n"), ("converted_type", "string")],
            {"a": "x", "log": "GET /index", "n": "5"},
        ),
        ([("action", "convert"), ("key", "n"), ("converted_type", "int")], RECORD),
    ],
)
def test_actions(filter_of: Any, batch: Any, rules: list[tuple[str, str]], expected: dict[str, Any]) -> None:
    found = batch(dict(RECORD), {})
    filter_of("content_modifier", rules).apply(found)
    assert list(found.records[0].items()) == list(expected.items())


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        ("string", 1.5, "1.5"),
        ("string", None, "null"),
        ("string", True, True),
        ("string", {"a": 1}, {"a": 1}),
        ("boolean", "TRUE", True),
        ("boolean", "anything", False),
        ("boolean", 0, False),
        ("boolean", 0.5, True),
        ("boolean", None, False),
        ("boolean", [], []),
        ("int", "12 ms", 12),
        ("int", "none", 0),
        ("int", "9" * 19, "9" * 19),
        ("int", "9" * 40, "9" * 40),
        ("int", -2.5, -3),
        ("int", 2.4, 2),
        ("int", float("nan"), None),
        ("int", 1e300, 1e300),
        ("double", "1e3x", 1000.0),
        ("double", "x", "x"),
        ("double", "1e999", "1e999"),
        ("double", 5, 5.0),
        ("double", 10**400, float("inf")),
        ("double", True, True),
    ],
)
def test_conversions(wanted: Any, value: Any, expected: Any) -> None:
    record = {"k": value}
    action(Options(action="convert", key="k", converted_type=wanted))([record])
    if expected is None:
        assert record["k"] != record["k"]  # what is no number stays none
    else:
        assert (type(record["k"]), record["k"]) == (type(expected), expected)


@pytest.mark.parametrize(
    ("value", "hashed"),
    [("x", sha("x")), (b"x", sha("x")), (1.5, sha("1.5")), (True, sha("true")), ({"a": 1}, sha('{"a":1}')), ("", "")],
)
def test_whatever_the_value_is_nobody_can_read_its_hash(value: Any, hashed: str) -> None:
    record = {"k": value}
    action(Options(action="hash", key="k"))([record])
    assert record == {"k": hashed}


def test_metadata(filter_of: Any) -> None:
    plugin = filter_of(
        "content_modifier", [("action", "insert"), ("context", "attributes"), ("key", "k"), ("value", "v")]
    )
    batch = Batch("t", [1, 2], [{}, {}])
    plugin.apply(batch)
    assert batch.metadata == [{"k": "v"}, {"k": "v"}]
    assert batch.records == [{}, {}]
    plugin = filter_of("content_modifier", [("action", "delete"), ("context", "metadata"), ("key", "k")])
    plugin.apply(batch)
    assert batch.metadata is None
    plugin.apply(batch)
    assert batch.metadata is None


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([], "no action is defined; allowed: insert, upsert"),
        ([("action", "turn")], "invalid value 'turn'"),
        ([("action", "delete")], "key is required for action 'delete'"),
        ([("action", "insert"), ("key", "k")], "value is required"),
        ([("action", "extract"), ("key", "k")], "pattern is required"),
        ([("action", "extract"), ("key", "k"), ("pattern", "(")], "not a regular expression"),
        ([("action", "extract"), ("key", "k"), ("pattern", "x")], "there is no named group"),
        ([("action", "convert"), ("key", "k")], "converted_type is required"),
        ([("action", "convert"), ("key", "k"), ("converted_type", "map")], "allowed: , string|string, boolean"),
        ([("action", "delete"), ("key", "k"), ("context", "labels")], "allowed: body"),
    ],
)
def test_what_is_refused(filter_of: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("content_modifier", rules)


async def test_in_a_pipeline(route: Any) -> None:
    went = await route(
        [("content_modifier", [("action", "rename"), ("key", "log"), ("value", "message")])],
        ("app", [{"log": "x"}, {"n": 1}]),
    )
    assert went.records == [{"message": "x"}, {"n": 1}]


ANYTHING = st.one_of(
    st.text(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.none(),
    st.booleans(),
    st.binary(),
    st.just([]),
    st.just({}),
)


@given(ANYTHING, st.sampled_from(["hash", "extract", "string", "boolean", "int", "double"]))
def test_any_value_is_taken(value: Any, what: Any) -> None:
    options = (
        Options(action=what, key="k", pattern="(?<k>.)")
        if what in ("hash", "extract")
        else Options(action="convert", key="k", converted_type=what)
    )
    record = {"k": value}
    action(options)([record])
    assert list(record) == ["k"]
