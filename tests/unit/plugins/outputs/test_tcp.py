"""The tcp output against a listener."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgpack
import pytest

from outrider.model.errors import PeerError, UserError


class Listener:
    """Keeps what comes over any number of connections."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.ended = asyncio.Event()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            self.received += data
        self.ended.set()
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    found = Listener()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


async def sent(plugin: Any, listener: Listener, batch: Any) -> Any:
    delivery = await plugin.send(batch)
    await plugin.stop()
    async with asyncio.timeout(10):
        await listener.ended.wait()
    return delivery


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("json", b'[{"date":1.5,"a":"x"},{"date":1.500000001,"a":2}]'),
        ("json_lines", b'{"date":1.5,"a":"x"}\n{"date":1.500000001,"a":2}\n'),
        ("json_stream", b'{"date":1.5,"a":"x"}{"date":1.500000001,"a":2}'),
    ],
)
async def test_json(form: str, expected: bytes, make: Any, listener: Listener, batch: Any) -> None:
    plugin = make("output", "tcp", host="127.0.0.1", port=listener.port, format=form)
    delivery = await sent(plugin, listener, batch({"a": "x"}, {"a": 2}, time=1_500_000_000))
    assert delivery.delivered == 2
    assert bytes(listener.received) == expected


async def test_msgpack_is_the_default(make: Any, listener: Listener, batch: Any) -> None:
    plugin = make("output", "tcp", host="127.0.0.1", port=listener.port)
    made = batch({"a": "x"}, time=1_000_000_002)
    made.metadata = [{"m": 1}]
    await sent(plugin, listener, made)
    time = msgpack.ExtType(0, b"\0\0\0\1\0\0\0\2")
    assert msgpack.unpackb(bytes(listener.received)) == [[time, {"m": 1}], {"a": "x"}]


async def test_raw_lines(make: Any, listener: Listener, batch: Any) -> None:
    plugin = make("output", "tcp", host="127.0.0.1", port=listener.port, raw_message_key="$m['t']")
    delivery = await sent(plugin, listener, batch({"m": {"t": "é\udcff"}}, {"m": 1}, {"m": {"t": b"\xff"}}))
    assert (delivery.delivered, delivery.dropped) == (2, 1)
    assert "raw_message_key" in delivery.reason
    assert bytes(listener.received) == b"\xc3\xa9\xff\n\xff\n"


async def test_nobody_there(make: Any, batch: Any) -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    plugin = make("output", "tcp", host="127.0.0.1", port=port)
    with pytest.raises(PeerError, match=str(port)):
        await plugin.send(batch({"a": 1}))
    await plugin.stop()


def test_an_accessor_that_is_none(make: Any) -> None:
    with pytest.raises(UserError, match="raw_message_key"):
        make("output", "tcp", raw_message_key="$a[")


async def test_in_a_pipeline(listener: Listener, run_pipeline: Any) -> None:
    async def arrived() -> None:
        while listener.received.count(b"\n") < 3:  # noqa: ASYNC110 - a stream has no event for what it holds
            await asyncio.sleep(0.002)

    row = await run_pipeline("tcp", {"port": listener.port, "format": "json_lines"}, arrived())
    assert row["delivered"] == 3
