from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats import json as encoder

SECOND = 1_000_000_000
T = 1_795_253_400 * SECOND + 123_456_789

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | text
nested = st.recursive(plain, lambda v: st.lists(v, max_size=3) | st.dictionaries(text, v, max_size=3), max_leaves=8)


def reference(value: Any) -> str:
    """The standard library writes the same for all but floats and what msgpack has beyond JSON."""
    return json.dumps(value, separators=(",", ":"))


@given(nested)
def test_values_without_floats_are_as_the_standard_library_writes_them(value: Any) -> None:
    assert encoder.encode(value).decode() == reference(value)
    assert json.loads(encoder.encode(value, escape_unicode=False)) == value


@pytest.mark.parametrize("count", [1, encoder.BLOCK, encoder.BLOCK + 1, 3 * encoder.BLOCK])
@pytest.mark.parametrize("member", ["plain", {"nested": [1]}, 1.5])
@pytest.mark.parametrize("date_key", [None, "date"])
def test_blocks_leave_no_mark(count: int, member: Any, date_key: str | None) -> None:
    batch = [{"n": n, "member": member} for n in range(count)]
    lines = encoder.encode_lines([T] * count, batch, date_key)
    assert [json.loads(line)["n"] for line in lines.split(b"\n")[:-1]] == list(range(count))
    assert [row["n"] for row in json.loads(encoder.encode_array([T] * count, batch, date_key))] == list(range(count))
    assert encoder.encode_stream([T] * count, batch, date_key) == lines.replace(b"\n", b"")


odd = nested | st.floats(allow_nan=False, allow_infinity=False) | st.binary(max_size=6)
records = st.lists(st.dictionaries(text | st.integers(0, 9), odd, max_size=4), max_size=4)


@given(records, st.sampled_from([None, "date", "\u00e9\x7f"]), st.sampled_from(encoder.DATE_FORMATS), st.booleans())
def test_a_batch_is_its_records_one_by_one(
    batch: list[dict[Any, Any]], date_key: str | None, date_format: str, escape: bool
) -> None:
    times = [T + n * 777_777_777 for n in range(len(batch))]
    lines = encoder.encode_lines(times, batch, date_key, date_format, escape_unicode=escape)
    singles = [
        encoder.encode_lines([ns], [record], date_key, date_format, escape_unicode=escape)
        for ns, record in zip(times, batch, strict=True)
    ]
    assert lines == b"".join(singles)
    objects = [line.rstrip(b"\n") for line in singles]
    array = encoder.encode_array(times, batch, date_key, date_format, escape_unicode=escape)
    stream = encoder.encode_stream(times, batch, date_key, date_format, escape_unicode=escape)
    assert (array, stream) == (b"[" + b",".join(objects) + b"]", b"".join(objects))
    if date_key is None:
        assert objects == [encoder.encode(record, escape_unicode=escape) for record in batch]
    assert all(isinstance(json.loads(line), dict) for line in objects)
    assert not escape or lines.isascii()


column = st.sampled_from(
    ["same", "é😀\x7f", "\udc80", "", 1, True, None, 1.5, b"same", {}, {"k": "v"}, {"k": 1.5}, {"l": [1]}, []]
)


@given(st.lists(st.tuples(column, column, st.fixed_dictionaries({"k": column, "l": column})), min_size=1, max_size=5))
def test_records_of_one_shape_are_the_same_as_each_alone(rows: list[tuple[Any, Any, Any]]) -> None:
    batch = [{"a": a, "b": b, "map": inner} for a, b, inner in rows]
    lines = encoder.encode_lines([T] * len(batch), batch, None)
    assert lines == b"".join([encoder.encode(record) + b"\n" for record in batch])
    array = encoder.encode_array([T] * len(batch), batch)
    assert array == b"[" + b",".join([encoder.encode({"date": T / 1e9, **record}) for record in batch]) + b"]"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2.0, b"2.0"),
        (-0.0, b"-0.0"),
        (0.1 + 0.2, b"0.3"),
        (1.5, b"1.5"),
        (1e17, b"100000000000000000.0"),
        (1e300, b"1e+300"),
        (1 / 3, b"0.3333333333333333"),
        (math.nan, b"nan"),
        (-math.inf, b"-inf"),
        ("caf\u00e9 \u20ac", b'"caf\\u00e9 \\u20ac"'),
        ("\U0001f389", b'"\\ud83c\\udf89"'),
        ('\x00\x1f\x7f\b\f\n\r\t"\\/', b'"\\u0000\\u001f\\u007f\\b\\f\\n\\r\\t\\"\\\\/"'),
        (b"caf\xc3\xa9", b'"caf\\u00e9"'),
        (b"\xff", b'"\\ue0ff"'),
        ("a\udcffb", b'"a\\ue0ffb"'),
        (msgspec.msgpack.Ext(5, b"\x01\xff"), b'"\\\\x01\\\\xff"'),
        ({b"k": 1, 2: 3, None: 4, 1.5: [b"x"]}, b'{"k":1,"2":3,"null":4,"1.5":["x"]}'),
        ({"a": {}, "b": [], "c": [1.0, {}]}, b'{"a":{},"b":[],"c":[1.0,{}]}'),
        ({"f": 2.5, "s": "\u00e9"}, b'{"f":2.5,"s":"\\u00e9"}'),
    ],
)
def test_written_as_fluent_bit_does(value: Any, written: bytes) -> None:
    assert encoder.encode(value) == written
    assert encoder.encode_lines([T], [{"k": value}], None) == b'{"k":' + written + b"}\n"


def test_unescaped_unicode_is_utf8_except_del() -> None:
    assert encoder.encode({"k": "\u00e9\x7f\udcff"}, escape_unicode=False) == b'{"k":"\xc3\xa9\\u007f\xee\x83\xbf"}'


def test_nan_becomes_null_where_asked() -> None:
    assert encoder.encode([math.nan, {"a": math.nan}], nan_to_null=True) == b'[null,{"a":null}]'
    assert encoder.encode_lines([T], [{"a": math.nan}], None, nan_to_null=True) == b'{"a":null}\n'


@pytest.mark.parametrize(
    ("date_format", "ns", "written"),
    [
        ("double", T, b"1795253400.123457"),
        ("double", 1_795_253_400 * SECOND, b"1795253400.0"),
        ("double", 1_795_253_401 * SECOND + 999_999_999, b"1795253402.0"),
        ("double", 2**64 * SECOND, b"1.844674407370955e+19"),
        ("iso8601", T, b'"2026-11-21T09:30:00.123456Z"'),
        ("java_sql_timestamp", T, b'"2026-11-21 09:30:00.123456"'),
        ("epoch", T, b"1795253400"),
        ("epoch_ms", T, b"1795253400123"),
        ("epoch_millis", T, b"1795253400123"),
        ("epoch_milliseconds", T, b"1795253400123"),
    ],
)
def test_date_formats(date_format: str, ns: int, written: bytes) -> None:
    assert encoder.encode_lines([ns], [{"a": 1}], "date", date_format) == b'{"date":' + written + b',"a":1}\n'
    assert encoder.encode_lines([ns], [{}], "date", date_format) == b'{"date":' + written + b"}\n"


def test_a_record_with_the_date_key_keeps_its_own() -> None:
    lines = encoder.encode_lines([T, T], [{"a": 1, "date": "x"}, {"a": 2}], "date", "epoch")
    assert lines == b'{"a":1,"date":"x"}\n{"date":1795253400,"a":2}\n'


def test_an_unknown_date_format_is_refused() -> None:
    with pytest.raises(ValueError, match="iso8601"):
        encoder.encode_lines([], [], "date", "iso")


def test_nesting_has_no_limit() -> None:
    deep: Any = 1.5
    for _ in range(5000):
        deep = {"k": [deep]}
    assert encoder.encode(deep) == b'{"k":[' * 5000 + b"1.5" + b"]}" * 5000
    deep = 1
    for _ in range(5000):
        deep = [deep]
    assert encoder.encode_lines([T], [{"k": deep}], None) == b'{"k":' + b"[" * 5000 + b"1" + b"]" * 5000 + b"}\n"
