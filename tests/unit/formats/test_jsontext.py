"""JSON texts: strictly fast, leniently slow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.jsontext import json_object, json_objects


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (' {"a":[1,2.5,null,true,{"b":"é"}]}\n', {"a": [1, 2.5, None, True, {"b": "é"}]}),
        ('{"a":"\udcff"}', {"a": "\udcff"}),
        ('{"a":"x\ty"}', {"a": "x\ty"}),
        (r'{"a":"\ud800!\\ud800 \ud83d\ude00","\udc80":1}', {"a": "\ufffd!\\ud800 😀", "\ufffd": 1}),
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
    ids=range(16),
)
def test_objects(text: str, expected: dict[str, Any] | None) -> None:
    assert json_object(text) == expected


def test_numbers_out_of_range() -> None:
    assert json_object('{"a":1e999,"b":123456789012345678901234567890}') is not None
    digits = '{"a":' + "9" * 5000 + "}"
    assert json_object(digits) is None
    assert json_objects(['{"a":1}', digits]) == [{"a": 1}, None]


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _values))
def test_what_python_writes_is_read(value: dict[str, Any]) -> None:
    assert json_object(json.dumps(value)) == value


@given(st.lists(st.sampled_from(['{"a":1}', "{}", "[]", "x", '{"a":"\udcff"}', '{"b":2} '])))
def test_many_are_as_one_by_one(texts: list[str]) -> None:
    assert json_objects(texts) == [json_object(text) for text in texts]


@given(st.text(alphabet='{}[]":,\\u0123dDeE+-. tfn\udcff'))
def test_nothing_raises(text: str) -> None:
    found = json_object(text)
    assert found is None or isinstance(found, dict)
