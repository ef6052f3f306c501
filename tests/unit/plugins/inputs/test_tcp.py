"""The tcp input: JSON values and lines, however the bytes are split."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.split import JsonValues, Lines, TooLongError, unescape
from outrider.model.errors import UserError
from outrider.pipeline.common.payload_session import PayloadSession

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)


@given(st.lists(values, max_size=5), st.lists(st.integers(0, 200), max_size=5))
def test_any_split_gives_the_same_values(sent: list[Any], cuts: list[int]) -> None:
    data = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in sent).encode("utf-8", "surrogatepass")
    splitter = JsonValues(10_000)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in zip(edges, [*edges[1:], len(data)], strict=True)]
    assert [value for piece in pieces for value in splitter.feed(piece)] == sent


@given(st.binary(max_size=50))
def test_garbage_is_values_or_too_long(data: bytes) -> None:
    splitter = JsonValues(40)
    try:
        splitter.feed(data)
    except TooLongError:
        return
    assert splitter.waiting <= 40


@pytest.mark.parametrize("data", [b"[" * 51, b'{"a":' * 11, b'"' + b"x" * 100])
def test_what_is_too_large(data: bytes) -> None:
    with pytest.raises(TooLongError):
        JsonValues(50).feed(data)


@pytest.mark.parametrize("data", [b"x", b"{" * 5000, b"[" * 100_000])
def test_what_is_no_record(data: bytes) -> None:
    splitter = JsonValues(50)
    assert splitter.feed(data) == []
    assert (splitter.garbage, splitter.waiting) == (1, 0)


@given(st.lists(st.binary(max_size=9).filter(lambda line: b"|" not in line), max_size=5), st.integers(0, 40))
def test_lines(lines: list[bytes], cut: int) -> None:
    data = b"".join(line + b"|" for line in lines)
    splitter = Lines(b"|", 100)
    assert splitter.feed(data[:cut]) + splitter.feed(data[cut:]) == lines


def test_long_lines() -> None:
    for data in (b"x" * 11, b"x" * 11 + b"\n"):
        with pytest.raises(TooLongError):
            Lines(b"\n", 10).feed(data)


@pytest.mark.parametrize(("text", "separator"), [(r"\n", b"\n"), (r"\x1e", b"\x1e"), ("--", b"--"), (r"\r\n", b"\r\n")])
def test_separators(text: str, separator: bytes) -> None:
    assert unescape(text) == separator


async def run(make: Any, intake_of: Any, port: int, data: bytes, **options: Any) -> Any:
    plugin = make("input", "tcp", listen="127.0.0.1", port=port, **options)
    intake = intake_of(plugin)
    await plugin.start(intake)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    writer.write_eof()
    await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await plugin.stop()
    return intake


async def test_json(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    data = b'{"a":1}{"b":2}\n[3] "four" {"odd":"\xff"}\n'
    intake = await run(make, intake_of, unused_tcp_port, data, tag="t")
    assert intake.records == [{"a": 1}, {"b": 2}, {"msg": [3]}, {"msg": "four"}, {"odd": "\udcff"}]
    assert set(intake.tags) == {"t"}


async def test_malformed_records_are_skipped_and_the_connection_stays(
    make: Any, intake_of: Any, unused_tcp_port: int
) -> None:
    plugin = make("input", "tcp", listen="127.0.0.1", port=unused_tcp_port, tag="t")
    intake = intake_of(plugin)
    await plugin.start(intake)
    reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
    writer.write(b'{"n":1}\nnope\n{bad}\n{"a":1,}\n{"n":2}\n[1,2\n{"x":tru}\n{\'a\':1}\n{"a":NaN}\n{"n":3}\n')
    await intake.until(lambda intake: len(intake.records) == 3)
    assert intake.records == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert sum(count for _, count, _ in intake.refused) == 7
    assert {reason for _, _, reason in intake.refused} == {"record too large or not JSON"}
    writer.write(b'{"n":4}\n')
    writer.write_eof()
    await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await plugin.stop()
    assert intake.records[-1] == {"n": 4}
    assert "invalid JSON message from 127.0.0.1" in plugin.logged()


async def test_odd_values_do_not_break_the_connection(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    data = b'{"big":123456789012345678901234567890,"lone":"\\ud800"}\n{"n":1}\n'
    intake = await run(make, intake_of, unused_tcp_port, data)
    assert intake.records == [{"big": 1.2345678901234568e29, "lone": "\ufffd"}, {"n": 1}]


async def test_text_with_the_address_of_the_sender(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    options = {"format": "none", "separator": "|", "source_address_key": "from", "chunk_size": "32", "workers": 2}
    intake = await run(make, intake_of, unused_tcp_port, b"one|two|half", **options)
    assert [record["log"] for record in intake.records] == ["one", "two"]
    assert all(record["from"].startswith("127.0.0.1") for record in intake.records)
    assert intake.refused == [("tcp.0", 1, "connection closed inside a record")]


async def test_lines_through_a_parser(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    data = b'{"time":"21/Nov/2026:09:20:11 +0000","a":1}\nplain\n'
    intake = await run(make, intake_of, unused_tcp_port, data, parser="json", source_address_key="from")
    senders = [record.pop("from") for record in intake.records]
    assert intake.records == [{"a": 1}, {"log": "plain"}]
    assert all(sender.startswith("127.0.0.1") for sender in senders)
    assert intake.batches[0].times[0] == 1_795_252_811_000_000_000
    with pytest.raises(UserError, match="did you mean 'json'"):
        make("input", "tcp", parser="jso")


async def test_what_is_too_large_is_counted(make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    intake = await run(make, intake_of, unused_tcp_port, b'{"a":1} {"a":"' + b"x" * 2000, buffer_size=1)
    assert intake.records in ([{"a": 1}], [])
    assert intake.refused[0][1:] == (1, "record too large or not JSON")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"buffer_size": "many"}, "numbers of KB"),
        ({"separator": r"\x", "format": "none"}, "separator"),
        ({"format": "xml"}, "allowed: json, none"),
    ],
)
def test_what_is_refused(make: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError, match=text):
        make("input", "tcp", **options)


def test_unfinished_records_of_all_connections_are_bounded(make: Any, intake_of: Any) -> None:
    plugin = make("input", "tcp", buffer_size="64")
    intake = intake_of(plugin)
    intake.waiting_max = 1_000
    first, second = (PayloadSession(plugin._payload, intake, "peer", lambda text: None) for _ in range(2))
    assert first.feed(b'{"a":"' + b"x" * 600).close == ""
    assert second.feed(b'{"a":"' + b"y" * 600).close == "too many unfinished records of all connections"
    second.end()
    assert first.feed(b'"}\n').close == ""
    first.end()
    assert intake.waiting == 0
    assert [len(record["a"]) for record in intake.records] == [600]
    assert intake.refused == [(plugin._payload.tag, 1, "connection closed inside a record")]
