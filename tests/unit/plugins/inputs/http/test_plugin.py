"""The http input, over real connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from outrider.model.errors import LocalError, UserError
from outrider.net import serve
from outrider.plugins.inputs.http import plugin as module

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def serving(make: Any, intake_of: Any, unused_tcp_port: int) -> Any:
    """``async with serving(tag_key="x") as (session, intake)``"""

    @asynccontextmanager
    async def served(**options: Any) -> AsyncIterator[Any]:
        plugin = make("input", "http", listen="127.0.0.1", port=unused_tcp_port, **options)
        intake = intake_of(plugin)
        await plugin.start(intake)
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:
                yield session, intake
        finally:
            await plugin.stop()
        assert intake.waiting == 0

    return served


async def test_records_under_the_tag_of_the_path(serving: Any) -> None:
    async with serving(tag="default") as (session, intake):
        for path in ("/", "/app.web"):
            async with session.post(path, data=b'[{"a":1},{"a":2}]', headers=JSON) as answer:
                assert (answer.status, await answer.read()) == (201, b"")
                assert answer.headers["Server"] == "Fluent Bit v5.1.1"
                assert answer.headers["Content-Length"] == "0"
    assert [(batch.tag, batch.records) for batch in intake.batches] == [
        ("default", [{"a": 1}, {"a": 2}]),
        ("app.web", [{"a": 1}, {"a": 2}]),
    ]


async def test_tag_key_address_and_answer(serving: Any) -> None:
    options = {"tag_key": "$k['t']", "add_remote_addr": "on", "successful_response_code": 200}
    async with serving(**options, success_header=["X-One 1", "X-Two two words"]) as (session, intake):
        body = b'[{"k":{"t":"x"}},{"k":{"t":"y"}},{"k":{"t":"x"}},{"n":1}]'
        async with session.put("/p", data=body, headers={**JSON, "X-Forwarded-For": "10.0.0.1, 10.0.0.2"}) as answer:
            assert answer.status == 200
            assert (answer.headers["X-One"], answer.headers["X-Two"]) == ("1", "two words")
    assert {batch.tag: len(batch) for batch in intake.batches} == {"x": 2, "y": 1, "p": 1}
    assert {record["REMOTE_ADDR"] for record in intake.records} == {"10.0.0.1"}


async def test_what_is_refused(serving: Any) -> None:
    async with serving(buffer_max_size=100) as (session, intake):
        for method, body, status, text in (
            ("GET", b"", 400, "error: invalid HTTP method\n"),
            ("POST", b"{", 400, "error: invalid payload: not JSON\n"),
            ("POST", b'{"a":NaN}', 400, "error: invalid payload: not JSON\n"),
            ("POST", b'[{"a":-Infinity}]', 400, "error: invalid payload: not JSON\n"),
            ("POST", b"x" * 101, 413, "error: request is too large\n"),
        ):
            async with session.request(method, "/", data=body, headers=JSON) as answer:
                assert (answer.status, await answer.text()) == (status, text)
        async with session.get("/health") as answer:
            assert answer.status == 400
    assert intake.records == []


async def test_a_chunked_body_and_its_bound(serving: Any) -> None:
    async def parts(*pieces: bytes) -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async with serving(buffer_max_size=100) as (session, intake):
        async with session.post("/", data=parts(b'{"a":', b"1}"), headers=JSON) as answer:
            assert answer.status == 201
        async with session.post("/", data=parts(*[b"x" * 50] * 3), headers=JSON) as answer:
            assert answer.status == 413
    assert intake.records == [{"a": 1}]


async def test_the_client_may_ask_before_it_sends(serving: Any) -> None:
    async with serving() as (session, intake):
        answer = await session.post("/", data=b'{"a":1}', headers=JSON, expect100=True)
        assert answer.status == 201
    assert intake.records == [{"a": 1}]


async def test_health(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(enable_health_endpoint="on") as (session, intake):
        intake.pause()
        async with session.get("/health") as answer:
            assert (answer.status, (await answer.json())["status"]) == (200, "ok")


async def test_a_request_waits_for_room(serving: Any) -> None:
    async with serving() as (session, intake):
        intake.pause()
        async with asyncio.TaskGroup() as group:
            request = group.create_task(session.post("/", data=b"{}", headers=JSON))
            other = group.create_task(session.get("/"))
            assert (await other).status == 400
            assert intake.batches == []
            intake.resume()
            assert (await request).status == 201


async def test_without_room_the_client_shall_come_again(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    async with serving() as (session, intake):
        intake.pause()
        async with session.post("/", data=b"{}", headers=JSON) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        intake.resume()
        intake.safe = False
        async with session.post("/", data=b"{}", headers=JSON) as answer:
            assert answer.status == 503
        intake.safe, intake.waiting_max = True, 1
        async with session.post("/", data=b"{}", headers=JSON) as answer:
            assert answer.status == 503


async def test_only_so_many_connections(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "CONNECTIONS_MAX", 0)
    async with serving() as (session, _):
        with pytest.raises(aiohttp.ClientError):
            await session.post("/", data=b"{}", headers=JSON)


async def test_an_idle_connection_makes_room(
    serving: Any, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(serve, "CONNECTIONS_MAX", 2)
    monkeypatch.setattr("outrider.net.seats.IDLE_SECONDS", 0.0)
    async with serving() as (session, _):
        first = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        second = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        async with session.post("/", data=b"{}", headers=JSON) as answer:
            assert answer.status == 201
        assert await first[0].read() == b""
        second[1].write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        assert b"201" in await second[0].readline()
        for _, writer in (first, second):
            writer.close()


async def test_a_connection_with_a_request_keeps_its_place(
    serving: Any, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(serve, "CONNECTIONS_MAX", 1)
    monkeypatch.setattr("outrider.net.seats.IDLE_SECONDS", 0.0)
    async with serving() as (session, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(head + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert b"100" in await reader.readline()
        with pytest.raises(aiohttp.ClientError):
            await session.post("/", data=b"{}", headers=JSON)
        writer.write(b"{}")
        assert b"201" in (await reader.readuntil(b"\r\n\r\n") + await reader.readline())
        writer.close()


async def test_a_head_that_never_comes(serving: Any, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    monkeypatch.setattr(serve, "HEAD_SECONDS", 0.01)
    async with serving():
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(b"POST / HTTP/1.1\r\nHost")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_a_body_that_never_comes(serving: Any, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    monkeypatch.setattr(serve, "BODY_SECONDS", 0.01)
    async with serving():
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        assert b"408" in await asyncio.wait_for(reader.readline(), 5)
        writer.close()


async def test_a_port_that_is_taken(serving: Any, make: Any, intake_of: Any, unused_tcp_port: int) -> None:
    async with serving():
        other = make("input", "http", listen="127.0.0.1", port=unused_tcp_port)
        with pytest.raises(LocalError, match="could not listen"):
            await other.start(intake_of(other))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"success_header": "alone"}, "NAME VALUE"),
        ({"tag_key": "$a["}, "tag_key"),
        ({"successful_response_code": "500"}, "allowed: 201, 200, 204"),
    ],
)
def test_options_that_cannot_be(make: Any, options: Any, text: str) -> None:
    with pytest.raises(UserError, match=text):
        make("input", "http", **options)


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 64 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_one_line_of_the_log(
    make: Any, intake_of: Any, unused_tcp_port: int, sent: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    plugin = make("input", "http", listen="127.0.0.1", port=unused_tcp_port)
    await plugin.start(intake_of(plugin))
    for _ in range(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(sent)
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.0 400")
        writer.close()
    await plugin.stop()
    assert plugin.logged().count("[ warn]") == 1
    assert "bad request from 127.0.0.1: " in plugin.logged()
    assert "Traceback" not in plugin.logged() + capfd.readouterr().err
