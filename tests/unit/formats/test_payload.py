"""A batch as one body, and objects with members in front."""

from __future__ import annotations

import json
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.json import encode_behind, encode_each, finite
from outrider.formats.payload import encode_events, encode_json, text_of
from outrider.model.batch import Batch


def test_dates() -> None:
    batch = Batch("t", [1_500_000_000], [{"a": 1}])
    assert encode_json(batch, "json_lines", "False", "double", escape_unicode=True) == b'{"a":1}\n'
    assert encode_json(batch, "json", "d", "epoch_ms", escape_unicode=True) == b'[{"d":1500,"a":1}]'


def test_events_keep_metadata() -> None:
    batch = Batch("t", [1_000_000_001], [{"a": b"\xff"}], [{"m": 1}])
    assert msgpack.unpackb(encode_events(batch)) == [
        [msgpack.ExtType(0, b"\0\0\0\1\0\0\0\1"), {"m": 1}],
        {"a": b"\xff"},
    ]


def test_texts() -> None:
    assert text_of("\ud800\udcff") == b"\xef\xbf\xbd\xff"
    assert [text_of(value) for value in ("é\udcff", b"x", 5, None, ["a"])] == [b"\xc3\xa9\xff", b"x", None, None, None]


RECORDS = st.lists(
    st.dictionaries(
        st.sampled_from(["a", "t", "x\x7f", "é", "%s"]), st.none() | st.integers() | st.text() | st.lists(st.text())
    ),
    max_size=6,
)


@given(RECORDS, st.booleans(), st.sampled_from([(), ("t",), ("t", "tag%b"), ("é",)]))
def test_members_in_front(records: list[dict[str, Any]], escape: bool, keys: tuple[str, ...]) -> None:
    columns = [(key, [b"%d" % n for n in range(len(records))]) for key in keys]
    made = encode_each(records, columns, escape_unicode=escape)
    for number, (text, record) in enumerate(zip(made, records, strict=True)):
        assert not escape or text.isascii()
        found = json.loads(text)
        front = [key for key in keys if key not in record]
        assert list(found) == [*front, *record]
        assert all(found[key] == number for key in front)
        plain = json.loads(encode_each([record], escape_unicode=escape)[0])
        assert {key: found[key] for key in record} == plain


VALUES = st.recursive(
    st.floats() | st.text("ab\x7fé", max_size=3) | st.integers() | st.just("\udc80"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abt"), inner, max_size=3),
    max_leaves=5,
)


@given(VALUES)
def test_numbers_that_json_does_not_know(value: Any) -> None:
    (text,) = encode_each([{"a": value, "info": "nan"}], strict=True)
    json.loads(text, parse_constant=pytest.fail)
    plain = json.dumps(value)
    assert (finite(value) is value) == ("NaN" not in plain and "Infinity" not in plain)


@given(st.lists(st.dictionaries(st.sampled_from("abt"), VALUES, max_size=3), min_size=1, max_size=4), st.booleans())
def test_records_behind_stamps_are_the_same(records: list[dict[str, Any]], escape: bool) -> None:
    numbers = [b"%d" % n for n in range(len(records))]
    made = encode_behind([b'{"t":' + number for number in numbers], records, ["t"], escape_unicode=escape)
    each = encode_each(records, [("t", numbers)], escape_unicode=escape)
    assert made is None or made == b"".join(each)


def test_plain_records_are_written_at_once() -> None:
    many = [{"a": n, "b": "é"} for n in range(600)]
    made = encode_behind([b'\n{"t":1'] * 600, many, ["t"])
    assert made == b"".join([b'\n{"t":1,"a":%d,"b":"\\u00e9"}' % n for n in range(600)])
    assert encode_behind([b'{"t":1'], [{"t": 2}], ["t"]) is None
    assert encode_behind([b'{"t":1'], [{}], ["t"]) is None
