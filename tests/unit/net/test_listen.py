"""Listeners: they pause without hanging up, drain before they close, and leave no socket behind."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest
from tests.helpers import until

from outrider.model.errors import LocalError, UserError
from outrider.net.listen import Answer, DatagramListener, StreamListener


class Taker:
    """A session that notes what comes."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.data = b""
        self.ended = False

    def greeting(self) -> bytes:
        return b"hello\n"

    def feed(self, data: bytes) -> Answer:
        self.data += data
        return Answer(b"bye\n", "asked to go") if data.endswith(b"quit") else Answer()

    def end(self) -> None:
        self.ended = True


def listener() -> tuple[StreamListener, list[Taker], list[str]]:
    sessions: list[Taker] = []
    warnings: list[str] = []

    def opened(peer: str) -> Taker:
        sessions.append(Taker(peer))
        return sessions[-1]

    return StreamListener(opened, warnings.append), sessions, warnings


async def test_greeting_bytes_and_end() -> None:
    made, sessions, warnings = listener()
    port = await made.listen_tcp("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.readline() == b"hello\n"
    writer.write(b"some")
    await until(lambda: sessions[0].data == b"some")
    assert sessions[0].peer == "127.0.0.1"
    writer.close()
    await until(lambda: sessions[0].ended)
    await made.close()
    assert warnings == []


async def test_a_session_can_answer_and_hang_up() -> None:
    made, sessions, warnings = listener()
    port = await made.listen_tcp("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"quit")
    assert await reader.read() == b"hello\nbye\n"
    await until(lambda: sessions[0].ended)
    assert "closed: asked to go" in warnings[0]
    writer.close()
    await made.close()


async def test_pause_keeps_connections_and_bytes() -> None:
    made, sessions, _ = listener()
    port = await made.listen_tcp("127.0.0.1", 0)
    _, early = await asyncio.open_connection("127.0.0.1", port)
    await until(lambda: len(sessions) == 1)
    made.pause()
    made.pause()
    _, late = await asyncio.open_connection("127.0.0.1", port)
    early.write(b"early")
    late.write(b"late")
    await until(lambda: len(sessions) == 2)
    await asyncio.sleep(0.05)
    assert [session.data for session in sessions] == [b"", b""]
    made.resume()
    await until(lambda: [session.data for session in sessions] == [b"early", b"late"])
    early.close()
    late.close()
    await made.close()


async def test_close_takes_what_was_sent_already() -> None:
    made, sessions, _ = listener()
    port = await made.listen_tcp("127.0.0.1", 0)
    sock = socket.create_connection(("127.0.0.1", port))
    await until(lambda: sessions)
    sock.sendall(b"x" * 500_000)
    await made.close()
    await until(lambda: sessions[0].ended)
    assert len(sessions[0].data) == 500_000
    sock.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)


async def test_a_unix_socket_with_permissions(short: Path) -> None:
    made, sessions, _ = listener()
    path = short / "in.sock"
    await made.listen_unix(str(path), 0o620)
    assert stat.S_IMODE(path.stat().st_mode) == 0o620
    _, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"some")
    await until(lambda: sessions and sessions[0].data == b"some")
    assert sessions[0].peer == "unix socket"
    writer.close()
    await made.close()
    assert not path.exists()


async def test_an_old_socket_is_replaced_and_anything_else_is_not(short: Path) -> None:
    path = short / "in.sock"
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    made, _, _ = listener()
    await made.listen_unix(str(path), None)
    await made.close()
    path.write_text("precious")
    with pytest.raises(UserError, match="exists and is not a socket; fix: remove it"):
        await listener()[0].listen_unix(str(path), None)
    assert path.read_text() == "precious"


async def test_where_nothing_can_listen(short: Path) -> None:
    with pytest.raises(LocalError, match="fix: make the directory first"):
        await listener()[0].listen_unix(str(short / "no" / "in.sock"), None)
    with pytest.raises(LocalError, match="path too long"):
        await listener()[0].listen_unix(str(short / ("x" * 200)), None)
    with pytest.raises(LocalError, match=r"could not listen on 192\.0\.2\.1:0"):
        await listener()[0].listen_tcp("192.0.2.1", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match="fix: stop the process that has this address"):
            await listener()[0].listen_tcp("127.0.0.1", port)


async def test_too_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outrider.net.listen.CONNECTIONS_MAX", 2)
    made, sessions, warnings = listener()
    port = await made.listen_tcp("127.0.0.1", 0)
    peers = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    await until(lambda: warnings)
    assert len(sessions) == 2
    assert "refused: 2 are open" in warnings[0]
    for sock in peers:
        sock.close()
    await made.close()


async def test_an_idle_connection_gives_up_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outrider.net.listen.CONNECTIONS_MAX", 2)
    monkeypatch.setattr("outrider.net.seats.IDLE_SECONDS", 0.0)
    made, sessions, warnings = listener()
    port = await made.listen_tcp("127.0.0.1", 0)
    peers = []
    for count in (1, 2):
        peers.append(socket.create_connection(("127.0.0.1", port)))
        await until(lambda count=count: len(sessions) == count)
    peers[0].sendall(b"first")
    await until(lambda: sessions[0].data == b"first")
    peers.append(socket.create_connection(("127.0.0.1", port)))
    await until(lambda: len(sessions) == 3)
    assert [session.ended for session in sessions] == [False, True, False]
    assert warnings == ["an idle connection from 127.0.0.1 closed for another: 2 are open"]
    made.pause()
    peers.append(socket.create_connection(("127.0.0.1", port)))
    await until(lambda: len(warnings) == 2)
    assert "refused: 2 are open, and none is idle" in warnings[1]
    for sock in peers:
        sock.close()
    await made.close()


async def test_what_a_session_raises_ends_its_connection_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made, sessions, warnings = listener()
    port = await made.listen_tcp("127.0.0.1", 0)
    _, other = await asyncio.open_connection("127.0.0.1", port)
    await until(lambda: len(sessions) == 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await until(lambda: len(sessions) == 2)

    def feed(data: bytes) -> Answer:
        raise RecursionError(f"{len(data)} bytes")

    monkeypatch.setattr(sessions[1], "feed", feed)
    writer.write(b"some")
    assert await reader.read() == b"hello\n"
    await until(lambda: sessions[1].ended)
    assert "connection from 127.0.0.1 closed: unexpected RecursionError: 4 bytes" in warnings[0]
    assert "in feed" in warnings[0]
    other.write(b"more")
    await until(lambda: sessions[0].data == b"more")
    other.close()
    writer.close()
    await made.close()


async def test_a_datagram_that_raises_is_dropped_alone() -> None:
    taken: list[bytes] = []
    warnings: list[str] = []

    def take(data: bytes, _peer: str) -> None:
        taken.append(data[:2] if data != b"bad" else bytes(-1))

    made = DatagramListener(take, warnings.append)
    port = await made.listen_udp("127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for data in (b"bad", b"good"):
            sock.sendto(data, ("127.0.0.1", port))
    await until(lambda: taken)
    await made.close()
    assert taken == [b"go"]
    assert len(warnings) == 1
    assert "a datagram from 127.0.0.1 is dropped: unexpected ValueError: negative count" in warnings[0]


async def test_datagrams(short: Path) -> None:
    taken: list[tuple[bytes, str]] = []
    udp, unix = (DatagramListener(lambda data, peer: taken.append((data, peer)), print) for _ in range(2))
    port = await udp.listen_udp("127.0.0.1", 0, 1 << 16)
    path = short / "log"
    await unix.listen_unix(str(path), 0o666, 1 << 16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"one", ("127.0.0.1", port))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"two", str(path))
    await udp.close()
    await unix.close()
    assert [data for data, _ in taken] == [b"one", b"two"]
    assert taken[0][1] == "127.0.0.1"
    assert taken[1][1] == "unix socket"
    assert not path.exists()


async def test_each_connection_that_comes_or_goes_is_told_to_whoever_looks() -> None:
    told: list[str] = []
    listening = StreamListener(Taker, told.append, told.append)
    port = await listening.listen_tcp("127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    await until(lambda: told)
    writer.close()
    await until(lambda: len(told) == 2)
    await listening.close()
    assert told == [
        "connection from 127.0.0.1 opened, 1 are open",
        "connection from 127.0.0.1 closed, 0 are open",
    ]
