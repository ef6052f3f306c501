"""The HTTP client against real servers, and against peers that break off."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict
from tests.unit.net.conftest import Certificate

from outrider.model.errors import PeerError, UserError
from outrider.net.http import ANSWER_MAX, Answer, http_client, proxy_for, refusal, retry_after
from outrider.net.tls import client_context
from outrider.pipeline.options import OutputCore

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield
    gc.collect()  # a session that was not closed complains here


@asynccontextmanager
async def serving(handler: Handler, tls: Any = None) -> AsyncIterator[int]:
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def peer(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """A bare TCP server, for what no HTTP server does."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def client_of(port: int, core: OutputCore | None = None, **more: Any) -> AsyncIterator[Any]:
    client = http_client(core or OutputCore(), more.pop("host", "127.0.0.1"), port, **more)
    try:
        yield client
    finally:
        await client.close()


async def test_the_request_goes_out_as_it_is_given() -> None:
    heard = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head + await reader.readexactly(4))
        writer.write(b"HTTP/1.1 201 Created\r\nX-Id: 7\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()

    async with peer(talk) as port, client_of(port) as client:
        answer = await client.request(
            "PUT", "/a%2Fb/../c%20d//e?uploads=&x=%7e", headers=[("X-B", "1"), ("X-B", "2")], body=[b"ab", b"cd"]
        )
    assert (answer.status, answer.headers["x-id"], answer.body, answer.whole) == (201, "7", b"ok", True)
    assert heard == [
        b"PUT /a%2Fb/../c%20d//e?uploads=&x=%7e HTTP/1.1\r\n"
        + f"Host: 127.0.0.1:{port}\r\n".encode()
        + b"X-B: 1\r\nX-B: 2\r\nContent-Length: 4\r\n\r\nabcd"
    ]


@pytest.mark.parametrize("path", ["a", "/a b", "/a\r\nX: y", "/\xe9", ""])
async def test_a_path_that_http_has_no_form_for_is_refused(path: str) -> None:
    async with client_of(1) as client:
        with pytest.raises(ValueError, match="a path begins"):
            await client.request("GET", path)


async def test_a_header_cannot_bring_another() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response()

    async with serving(handler) as port, client_of(port) as client:
        with pytest.raises(ValueError):
            await client.request("GET", "/", headers=[("X-Tag", "a\r\nX-Other: b")])


async def test_a_large_body_arrives_whole_and_with_its_length() -> None:
    arrived = []

    async def handler(request: web.BaseRequest) -> web.Response:
        request._client_max_size = 1 << 30
        arrived.append((request.headers.get("Content-Length"), request.headers.get("Transfer-Encoding")))
        arrived.append(await request.read())
        return web.Response()

    body = [bytes(range(256)) * 4096, b"tail" * 700_000, b""]
    async with serving(handler) as port, client_of(port) as client:
        await client.request("POST", "/", body=body)
    assert arrived == [(str(sum(map(len, body))), None), b"".join(body)]


async def test_connections_are_kept_unless_the_output_says_otherwise() -> None:
    async def ports(keepalive: bool) -> set[Any]:
        seen = set()

        async def handler(request: web.BaseRequest) -> web.Response:
            seen.add(request.transport.get_extra_info("peername"))  # type: ignore[union-attr]
            return web.Response(text="x" * 100_000)

        async with serving(handler) as port, client_of(port, OutputCore(net_keepalive=keepalive)) as client:
            for _ in range(3):
                await client.request("POST", "/", body=b"x")
        return seen

    assert len(await ports(True)) == 1
    assert len(await ports(False)) == 3


async def test_a_kept_connection_that_is_gone_is_replaced_at_once() -> None:
    requests = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        requests.append(await reader.readuntil(b"\r\n\r\n"))  # and hang up without an answer

    async with peer(talk) as port, client_of(port) as client:
        assert (await client.request("POST", "/1")).status == 200
        assert (await client.request("POST", "/2")).status == 200
    assert [line.split()[1] for line in requests] == [b"/1", b"/2", b"/2"]


async def test_a_new_connection_that_breaks_is_an_error() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with peer(talk) as port, client_of(port) as client:
        with pytest.raises(PeerError, match=rf"^127.0.0.1:{port}: the peer closed the connection without an answer"):
            await client.request("POST", "/")


@pytest.mark.parametrize(
    ("said", "match"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "the answer was cut off"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not an HTTP answer"),
    ],
)
async def test_an_answer_that_is_none_is_an_error(said: bytes, match: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    async with peer(talk) as port, client_of(port) as client:
        with pytest.raises(PeerError, match=match) as caught:
            await client.request("POST", "/")
    assert str(caught.value).isprintable()


async def test_an_answer_before_the_request_has_been_read_counts() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
        await writer.drain()
        writer.write_eof()
        while await reader.read(1 << 16):
            pass

    async with peer(talk) as port, client_of(port) as client:
        answer = await client.request("POST", "/", body=b"x" * 8_000_000)
    assert (answer.status, answer.body) == (413, b"big")


async def test_a_reset_is_named() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(10)
        writer.transport.abort()

    async with peer(talk) as port, client_of(port) as client:
        with pytest.raises(PeerError, match=rf"127.0.0.1:{port}: "):
            await client.request("POST", "/", body=b"x" * 3_000_000)


async def test_a_peer_that_says_nothing_is_given_up() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with peer(talk) as port, client_of(port) as client:
        with pytest.raises(PeerError, match=r"no answer within 0.05 seconds"):
            await client.request("POST", "/", timeout=0.05)


async def test_a_peer_that_falls_silent_is_given_up() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbeg")
        await reader.read()

    async with peer(talk) as port, client_of(port) as client:
        client.read_idle_timeout = 0.05
        with pytest.raises(PeerError, match="read idle timeout"):
            await client.request("POST", "/")


async def test_nobody_there() -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with client_of(port) as client:
        with pytest.raises(PeerError, match=f"127.0.0.1:{port}: Connection refused"):
            await client.request("POST", "/")


async def test_a_name_that_nobody_has() -> None:
    async with client_of(80, host="nobody.invalid") as client:
        with pytest.raises(PeerError, match=r"^nobody.invalid:80: \S"):
            await client.request("POST", "/")


async def test_an_endless_answer_is_cut() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Oops\r\n\r\n")
        while True:
            writer.write(b"z" * 65536)
            await writer.drain()

    async with peer(talk) as port, client_of(port) as client:
        answer = await client.request("POST", "/")
    assert (answer.status, len(answer.body), answer.whole) == (500, ANSWER_MAX, False)


async def test_tls_is_verified_and_the_name_can_be_given(
    certificate: Certificate, other_certificate: Certificate
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(text="safe")

    core = OutputCore(tls=True, tls_vhost="localhost", tls_ca_file=str(certificate.certificate))
    async with serving(handler, certificate.server()) as port:
        async with client_of(port, core, tls=client_context(core)) as client:
            assert (await client.request("GET", "/")).body == b"safe"
        wrong = OutputCore(tls=True, tls_ca_file=str(certificate.certificate))
        async with client_of(port, wrong, tls=client_context(wrong)) as client:
            with pytest.raises(PeerError, match="certificate"):
                await client.request("GET", "/")
        stranger = OutputCore(tls=True, tls_vhost="localhost", tls_ca_file=str(other_certificate.certificate))
        async with client_of(port, stranger, tls=client_context(stranger)) as client:
            with pytest.raises(PeerError, match="certificate"):
                await client.request("GET", "/")


async def test_tls_to_a_peer_that_speaks_none() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response()

    core = OutputCore(tls=True)
    async with serving(handler) as port, client_of(port, core, tls=client_context(core)) as client:
        with pytest.raises(PeerError, match=r"(?i)ssl"):
            await client.request("GET", "/")


async def test_through_a_proxy_and_its_password_stays_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []

    async def handler(request: web.BaseRequest) -> web.Response:
        heard.append((request.raw_path, request.headers.get("Proxy-Authorization", "")))
        return web.Response(status=204)

    async with serving(handler) as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://bob:hush@127.0.0.1:{port}")
        async with client_of(81, host="logs.example") as client:
            assert (await client.request("POST", "/in?a=b", body=b"x")).status == 204
    assert heard == [("http://logs.example:81/in?a=b", "Basic Ym9iOmh1c2g=")]
    async with client_of(81, host="logs.example") as client:
        with pytest.raises(PeerError, match="no connection to the proxy") as caught:
            await client.request("POST", "/in")
    assert "hush" not in str(caught.value)


async def test_tls_goes_through_a_proxy_unread(certificate: Certificate) -> None:
    asked = []

    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(text=request.raw_path)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
        writer.close()

    async with serving(handler, certificate.server()) as port:

        async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
            there, back = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            async with asyncio.TaskGroup() as group:
                group.create_task(copy(reader, back))
                group.create_task(copy(there, writer))

        core = OutputCore(tls=True, tls_ca_file=str(certificate.certificate))
        async with (
            peer(tunnel) as proxy,
            client_of(
                port, core, host="localhost", tls=client_context(core), proxy=f"http://127.0.0.1:{proxy}"
            ) as client,
        ):
            assert (await client.request("POST", "/in?a", body=b"x")).body == b"/in?a"
    assert asked == [b"CONNECT localhost:%d HTTP/1.1" % port]


def test_which_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy_for("a.example", tls=True) == ""
    monkeypatch.setenv("HTTP_PROXY", "proxy:3128")
    assert proxy_for("a.example", tls=False) == "http://proxy:3128"
    assert proxy_for("a.example", tls=True) == "http://proxy:3128"
    monkeypatch.setenv("HTTPS_PROXY", "http://other:1")
    assert proxy_for("a.example", tls=True) == "http://other:1"
    for names in ("127.0.0.1, .example", "example", "A.example", "*.example", "*", "x,*"):
        monkeypatch.setenv("NO_PROXY", names)
        assert proxy_for("a.example", tls=True) == ""
    for names in ("", "ample", "b.a.example", " , "):
        monkeypatch.setenv("NO_PROXY", names)
        assert proxy_for("a.example", tls=True) == "http://other:1"
    assert proxy_for("a.example", tls=True, option="http://mine:1") == "http://mine:1"
    with pytest.raises(UserError, match="proxy"):
        proxy_for("a.example", tls=False, option="socks5://x:1")


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(status, CIMultiDict({key.replace("_", "-"): value for key, value in headers.items()}), body)


def test_what_an_answer_means() -> None:
    for status in (200, 201, 204, 205, 299):
        assert refusal(answer(status)) is None
    for status in (408, 429, 500, 502, 503, 504, 301, 304):
        error = refusal(answer(status))
        assert error is not None
        assert error.retry
    for status in (400, 401, 403, 404, 413, 422):
        error = refusal(answer(status, b'{"error":\n"no \xff"}' + b"x" * 1000))
        assert error is not None
        assert not error.retry
        assert str(error).startswith(f'HTTP {status}: {{"error": "no \ufffd"}}xxx')
        assert len(str(error)) < 230
    error = refusal(answer(429, retry_after="17"))
    assert error is not None
    assert error.after == 17


def test_when_to_come_back() -> None:
    soon = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=100))
    assert 90 < retry_after(answer(503, retry_after=soon)) <= 100
    past = email.utils.format_datetime(datetime.now(UTC) - timedelta(seconds=100))
    for text in (past, "", "soon", "-5", "Sat, 99 Foo 2026", "\u0665"):
        assert retry_after(answer(503, retry_after=text)) == 0
    assert retry_after(answer(503, Retry_After="9" * 400)) == 3600


async def test_a_peer_that_never_comes_to_its_answer() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
            await writer.drain()

    async with peer(talk) as port, client_of(port) as client:
        with pytest.raises(PeerError, match="more than 10 informational answers before the answer itself"):
            await client.request("GET", "/")


async def test_some_informational_answers_are_usual_each_time() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 6 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()

    async with peer(talk) as port, client_of(port) as client:
        assert [(await client.request("GET", "/")).body for _ in range(3)] == [b"ok"] * 3
