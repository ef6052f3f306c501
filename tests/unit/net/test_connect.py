"""Connections that say when the bytes have left, plain and with TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.helpers import until

from outrider.model.errors import PeerError
from outrider.net import connect as net_connect
from outrider.net.connect import Target, connect, connect_datagrams
from outrider.net.upstream import Upstream


class Peer:
    """A server that reads what comes, when it may."""

    def __init__(self) -> None:
        self.received = b""
        self.connections = 0
        self.ended = 0
        self.reads = asyncio.Event()
        self.reads.set()
        self.closes = False
        self.says = b""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.says:
            writer.write(self.says)
        if not self.closes:
            try:
                await self.reads.wait()
                while data := await reader.read(1 << 16):
                    self.received += data
            except (OSError, asyncio.CancelledError):
                pass
        self.ended += 1
        writer.close()


@asynccontextmanager
async def peer(tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    found = Peer()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=tls, limit=1 << 16)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    found.reads.set()
    server.close()


def trusting(certificate: Any) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.certificate))


@pytest.fixture(params=["plain", "tls"])
def tls(request: Any, certificate: Any) -> tuple[ssl.SSLContext | None, dict[str, Any]]:
    if request.param == "plain":
        return None, {}
    return certificate.server(), {"tls": trusting(certificate), "server_name": "localhost"}


async def test_what_is_written_arrives(tls: Any) -> None:
    async with peer(tls[0]) as server:
        connection = await connect(Target("127.0.0.1", server.port, **tls[1]))
        for number in range(50):
            await connection.write(b"%d " % number, b"", b"x" * number)
        connection.close()
        await connection.closed(5)
        await until(lambda: server.ended)
    assert server.received == b"".join(b"%d " % n + b"x" * n for n in range(50))


async def test_a_write_returns_when_the_kernel_has_all_of_it(tls: Any) -> None:
    async with peer(tls[0]) as server:
        server.reads.clear()
        connection = await connect(Target("127.0.0.1", server.port, **tls[1]))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.write(b"x" * 20_000_000)
        server.reads.set()
        async with asyncio.timeout(10):
            await connection.write(b"end")
        assert connection._transport.get_write_buffer_size() == 0
        connection.close()
        await until(lambda: server.received.endswith(b"end"))
    assert len(server.received) == 20_000_003


async def test_a_peer_that_takes_nothing_is_given_up(tls: Any) -> None:
    async with peer(tls[0]) as server:
        server.reads.clear()
        connection = await connect(Target("127.0.0.1", server.port, io_timeout=0.1, **tls[1]))
        with pytest.raises(PeerError, match=r"no progress for 0\.1 seconds"):
            await connection.write(b"x" * 20_000_000)
        assert not connection.usable


@pytest.mark.parametrize("silent", [True, False])
async def test_a_machine_that_is_gone_is_given_up_and_a_slow_reader_is_not(
    tls: Any, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    monkeypatch.setattr(net_connect, "_SILENCE_MAX", 0.1)
    async with peer(tls[0]) as server:
        server.reads.clear()
        connection = await connect(Target("127.0.0.1", server.port, **tls[1]))
        looks: list[float] = []

        def silence() -> float:
            looks.append(0.2 if silent else 0.0)
            if len(looks) == 5:
                server.reads.set()
            return looks[-1]

        monkeypatch.setattr(connection, "_silence", silence)
        if silent:
            with pytest.raises(PeerError, match=r"no progress for 0\.1 seconds"):
                await connection.write(b"x" * 20_000_000)
            assert not connection.usable
        else:
            await connection.write(b"x" * 20_000_000)
            assert len(looks) >= 5
            await until(lambda: len(server.received) == 20_000_000)


async def test_how_long_a_peer_has_been_silent() -> None:
    async with peer() as server:
        connection = await connect(Target("127.0.0.1", server.port))
        await connection.write(b"x")
        assert 0 <= connection._silence() < 10
        assert connection._on_its_way() == 0
        connection.abort()
        assert connection._silence() == 0.0


async def test_a_peer_that_hangs_up_is_noticed(tls: Any) -> None:
    async with peer(tls[0]) as server:
        server.closes = True
        connection = await connect(Target("127.0.0.1", server.port, **tls[1]))
        await until(lambda: not connection.usable)
        with pytest.raises(PeerError, match=f"127.0.0.1:{server.port}: "):
            await connection.write(b"x")


async def test_what_the_peer_says(tls: Any) -> None:
    async with peer(tls[0]) as server:
        server.says = b"hello"
        connection = await connect(Target("127.0.0.1", server.port, **tls[1]))
        assert await connection.read(5) == b"hello"
        with pytest.raises(PeerError, match=r"no answer within 0\.05 seconds"):
            await connection.read(0.05)
        server.closes = True
        connection = await connect(Target("127.0.0.1", server.port, **tls[1]))
        assert await connection.read(5) == b"hello"
        with pytest.raises(PeerError, match="closed"):
            await connection.read(5)


async def test_nobody_listens(unused_tcp_port: int) -> None:
    with pytest.raises(PeerError, match=f"127.0.0.1:{unused_tcp_port}: .*(refused|failed)"):
        await connect(Target("127.0.0.1", unused_tcp_port))
    with pytest.raises(PeerError, match="unix:///nowhere: No such file"):
        await connect(Target(path="/nowhere"))


async def test_a_peer_that_never_shakes_hands(certificate: Any) -> None:
    async with peer() as server:
        server.reads.clear()
        target = Target("127.0.0.1", server.port, tls=trusting(certificate), connect_timeout=0.1)
        with pytest.raises(PeerError, match=r"no connection within 0\.1 seconds"):
            await connect(target)


async def test_a_peer_that_does_not_speak_tls(certificate: Any) -> None:
    async with peer() as server:
        server.says = b"220 hello\r\n"
        with pytest.raises(PeerError, match="TLS failed"):
            await connect(Target("127.0.0.1", server.port, tls=trusting(certificate)))


async def test_an_unknown_authority(certificate: Any, other_certificate: Any) -> None:
    async with peer(certificate.server()) as server:
        target = Target("127.0.0.1", server.port, tls=trusting(other_certificate), server_name="localhost")
        with pytest.raises(PeerError, match=r"TLS failed: .*CERTIFICATE_VERIFY_FAILED"):
            await connect(target)
        assert server.received == b""


async def test_another_host_name(certificate: Any) -> None:
    async with peer(certificate.server()) as server:
        target = Target("127.0.0.1", server.port, tls=trusting(certificate), server_name="other.example")
        with pytest.raises(PeerError, match=r"TLS failed: .*other\.example"):
            await connect(target)


async def test_datagrams_name_a_peer_that_refuses(unused_udp_port: int) -> None:
    socket = await connect_datagrams(Target("127.0.0.1", unused_udp_port))

    async def send() -> None:
        async with asyncio.timeout(5):
            while True:
                socket.send(b"x")
                await asyncio.sleep(0.002)

    with pytest.raises(PeerError, match=r"\(udp\): Connection refused"):
        await send()
    socket.close()


# -- connections that are kept


async def test_a_connection_is_used_again() -> None:
    async with peer() as server:
        upstream = Upstream(Target("127.0.0.1", server.port), keepalive=True, idle_timeout=30)
        seen = []
        for _ in range(3):
            async with upstream.connection() as (connection, is_new):
                seen.append(is_new)
                await connection.write(b"x")
        await upstream.close()
        await until(lambda: server.ended == 1)
    assert seen == [True, False, False]
    assert server.received == b"xxx"


async def test_without_keepalive_each_batch_has_its_own_connection() -> None:
    async with peer() as server:
        upstream = Upstream(Target("127.0.0.1", server.port), keepalive=False, idle_timeout=30)
        for _ in range(3):
            async with upstream.connection() as (connection, is_new):
                assert is_new
                await connection.write(b"x")
        await until(lambda: server.ended == 3)
    assert server.received == b"xxx"


async def test_users_side_by_side_have_connections_of_their_own() -> None:
    async with peer() as server:
        upstream = Upstream(Target("127.0.0.1", server.port), keepalive=True, idle_timeout=30)
        async with upstream.connection() as (first, _), upstream.connection() as (second, is_new):
            assert first is not second
            assert is_new
        async with upstream.connection() as (third, is_new):
            assert third in (first, second)
            assert not is_new
        await upstream.close()
        assert server.connections == 2


async def test_a_connection_that_failed_or_idled_is_not_used_again() -> None:
    async with peer() as server:
        upstream = Upstream(Target("127.0.0.1", server.port), keepalive=True, idle_timeout=0.001)

        async def fail() -> None:
            async with upstream.connection():
                raise PeerError("wrong answer")

        with pytest.raises(PeerError, match="wrong answer"):
            await fail()
        async with upstream.connection() as (_, is_new):
            assert is_new
        await asyncio.sleep(0.01)
        async with upstream.connection() as (_, is_new):
            assert is_new
        await upstream.close()
        assert server.connections == 3


async def test_a_connection_that_the_peer_closed_is_not_used_again() -> None:
    async with peer() as server:
        server.closes = True
        upstream = Upstream(Target("127.0.0.1", server.port), keepalive=True, idle_timeout=30)
        async with upstream.connection() as (connection, _):
            await until(lambda: not connection.usable)
        async with upstream.connection() as (_, is_new):
            assert is_new
        await upstream.close()
