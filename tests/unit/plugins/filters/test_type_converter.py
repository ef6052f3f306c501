"""type_converter: fields in other types."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats import msgpack
from outrider.model.errors import UserError
from outrider.plugins.filters.type_converter.convert import CONVERSIONS


@pytest.mark.parametrize(
    ("kind", "wanted", "value", "expected"),
    [
        ("str", "int", "12", 12),
        ("str", "int", " -12abc", -12),
        ("str", "int", "0", 0),
        ("str", "int", "x", None),
        ("str", "int", 12, None),
        ("str", "int", "9" * 30, 2**63 - 1),
        ("str", "uint", "-1", 2**64 - 1),
        ("str", "hex", "0xFf", 255),
        ("str", "hex", "ff", 255),
        ("str", "hex", "xyz", None),
        ("str", "float", "1.5e3", 1500.0),
        ("str", "float", "7", 7.0),
        ("str", "float", "1e999", float("inf")),
        ("str", "float", ".", None),
        ("str", "bool", "TRUE", True),
        ("str", "bool", "truely", True),
        ("str", "bool", "False", False),
        ("str", "bool", "no", None),
        ("int", "string", -5, "-5"),
        ("int", "float", 5, 5.0),
        ("int", "float", 10**400, float("inf")),
        ("int", "float", -(10**400), float("-inf")),
        ("int", "uint", -1, 2**64 - 1),
        ("int", "string", True, None),
        ("int", "string", "5", None),
        ("uint", "string", 5, "5"),
        ("uint", "string", -1, str(2**64 - 1)),
        ("uint", "int", 2**64 - 1, 2**63 - 1),
        ("float", "string", 2.0, "2.0"),
        ("float", "string", 0.1, "0.1"),
        ("float", "string", 1e300, "1e+300"),
        ("float", "string", float("nan"), "nan"),
        ("float", "int", -2.9, -2),
        ("float", "int", float("inf"), None),
        ("float", "uint", 2.9, 2),
        ("float", "int", 2, None),
    ],
)
def test_conversions(kind: str, wanted: str, value: Any, expected: Any) -> None:
    found = CONVERSIONS[kind][wanted](value)
    assert (type(found), found) == (type(expected), expected)


ANYTHING = st.one_of(st.text(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.none(), st.booleans(), st.binary())


@given(ANYTHING, st.sampled_from([(kind, to) for kind, found in CONVERSIONS.items() for to in found]))
def test_any_value_is_converted_to_something_msgpack_holds_or_to_nothing(value: Any, pair: tuple[str, str]) -> None:
    converted = CONVERSIONS[pair[0]][pair[1]](value)
    assert type(msgpack.decode(msgpack.encode(converted))) is type(converted)


def test_the_new_field_stands_at_the_end_and_kinds_go_in_fluent_bits_order(filter_of: Any, batch: Any) -> None:
    plugin = filter_of(
        "type_converter",
        [("int_key", "b c string"), ("str_key", "a b int"), ("str_key", "$m['x'] y float"), ("float_key", "z w int")],
    )
    found = batch({"a": "5", "m": {"x": "1.5"}}, {"a": "six"}, {})
    plugin.apply(found)
    assert [list(record.items()) for record in found.records] == [
        [("a", "5"), ("m", {"x": "1.5"}), ("b", 5), ("y", 1.5), ("c", "5")],
        [("a", "six"), ("b", "six"), ("c", "six")],
        [],
    ]
    assert "failed to convert 1 values of key=a" in plugin.logged()
    assert "failed to convert 1 values of key=b" in plugin.logged()


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([], "there is no rule"),
        ([("str_key", "a b")], "three words are expected: KEY NEW TYPE"),
        ([("str_key", "a b int c")], "three words are expected"),
        ([("str_key", "a b itn")], "no such type; did you mean 'int'"),
        ([("int_key", "a b int")], "allowed: string, float, uint"),
        ([("int_key", "$a[ b string")], "not a record accessor"),
    ],
)
def test_what_is_refused(filter_of: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("type_converter", rules)


async def test_in_a_pipeline(route: Any) -> None:
    went = await route([("type_converter", [("str_key", "n n int")])], ("app", [{"n": "1"}, {"n": "2", "z": 0}]))
    assert went.records == [{"n": 1}, {"n": 2, "z": 0}]
