"""A batch as one body, and objects with members in front."""

from __future__ import annotations

import json
from typing import Any

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.json import encode_each
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
