"""JSON texts: strictly fast, leniently slow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.jsontext import json_object


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (' {"a":[1,2.5,null,true,{"b":"é"}]}\n', {"a": [1, 2.5, None, True, {"b": "é"}]}),
        ('{"a":"\udcff"}', {"a": "\udcff"}),
        ('{"a":"x\ty"}', {"a": "x\ty"}),
        ("{}", {}),
        ('{"a":1} x', None),
        ('{"a":1}{"b":2}', None),
        ('{"a":NaN}', None),
        ("[1]", None),
        ('"text"', None),
        ("12", None),
        ("", None),
        ("{", None),
        ("not json", None),
        ('{"a":' * 100_000, None),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, None),
    ],
    ids=range(15),
)
def test_objects(text: str, expected: dict[str, Any] | None) -> None:
    assert json_object(text) == expected


def test_numbers_out_of_range() -> None:
    assert json_object('{"a":1e999,"b":123456789012345678901234567890}') is not None


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _values))
def test_what_python_writes_is_read(value: dict[str, Any]) -> None:
    assert json_object(json.dumps(value)) == value


@given(st.text(alphabet='{}[]":,\\u0123dDeE+-. tfn\udcff'))
def test_nothing_raises(text: str) -> None:
    found = json_object(text)
    assert found is None or isinstance(found, dict)
