"""What requests mean."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from outrider.plugins.inputs.http.body import BadRequestError, records_of, sender, tag_of

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("target", "tag"),
    [
        ("/", ""),
        ("/app.log", "app.log"),
        ("/app/web-1?x=1", "app_web_1"),
        ("/a%20b%2Fc%ff", "a_b_c_"),
        ("//", "_"),
        ("*", "_"),
    ],
)
def test_the_path_is_the_tag(target: str, tag: str) -> None:
    assert tag_of(target) == tag


@pytest.mark.parametrize(
    ("body", "records"),
    [
        (b'{"a":1}', [{"a": 1}]),
        (b'[{"a":1},{"b":[2]}]', [{"a": 1}, {"b": [2]}]),
        (b'{"a":1}\n{"b":2}\n', [{"a": 1}, {"b": 2}]),
        (b'{"a":1}[{"b":2}]', [{"a": 1}, {"b": 2}]),
        (b'{"a":"\xff"}', [{"a": "\udcff"}]),
        (b"[]", []),
        (b'{"a":"tab\there"}', [{"a": "tab\there"}]),
    ],
)
def test_json(body: bytes, records: Any) -> None:
    assert records_of({"Content-Type": "Application/JSON; charset=utf-8"}, body, 1000) == records


def test_form() -> None:
    body = b"a=1&b=x+y%26z&=no&alone&c=&d=%ff"
    assert records_of(FORM, body, 1000) == [{"a": "1", "b": "x y&z", "c": "", "d": "\udcff"}]


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ({}, b"{}", "'Content-Type' is not set"),
        ({"Content-Type": "text/plain"}, b"{}", "invalid 'Content-Type'"),
        (JSON, b"", "no payload found"),
        (JSON, b'{"a":', "not JSON"),
        (JSON, b"[" * 100_000, "not JSON"),
        (JSON, b'{"n":' + b"9" * 5000 + b"}", "not JSON"),
        (JSON, b"1", "not a JSON object"),
        (JSON, b'[{"a":1},2]', "not a JSON object"),
        (FORM, b"nothing", "no KEY=VALUE"),
        ({**JSON, "Content-Encoding": "br"}, b"{}", "Content-Encoding"),
        ({**JSON, "Content-Encoding": "gzip"}, b"{}", "broken gzip"),
        ({**JSON, "Content-Encoding": "deflate"}, zlib.compress(b"{}")[:-3], "cut off"),
    ],
)
def test_what_is_refused(headers: Any, body: bytes, text: str) -> None:
    with pytest.raises(BadRequestError, match=text):
        records_of(headers, body, 1000)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
def test_packed_bodies_are_bounded(encoding: str, pack: Any) -> None:
    headers = {**JSON, "Content-Encoding": encoding}
    assert records_of(headers, pack(b'{"a":1}'), 1000) == [{"a": 1}]
    with pytest.raises(BadRequestError, match="larger than 1000"):
        records_of(headers, pack(b'{"a":"' + b"x" * 100_000_000 + b'"}'), 1000)


@given(
    st.binary(max_size=60) | st.text(max_size=30).map(str.encode),
    st.sampled_from([JSON, FORM]),
    st.sampled_from(["", "gzip", "deflate", "zstd", "x"]),
)
def test_any_body_is_records_or_refused(body: bytes, kind: dict[str, str], encoding: str) -> None:
    try:
        found = records_of({**kind, "Content-Encoding": encoding}, body, 100)
    except BadRequestError:
        return
    assert all(type(record) is dict for record in found)


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers(-9, 9) | st.text(max_size=5), max_size=3), max_size=4))
def test_records_arrive_as_they_were(records: list[dict[str, Any]]) -> None:
    assert records_of(JSON, json.dumps(records).encode(), 10_000) == records


def test_the_sender() -> None:
    assert sender({"X-Forwarded-For": " 10.1.1.1 , 10.2.2.2"}, "127.0.0.1") == "10.1.1.1"
    assert sender({}, "127.0.0.1") == "127.0.0.1"
