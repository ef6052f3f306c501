"""What a connection may send before it is known, and how many there may be."""

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from outrider.server.api import peer
from outrider.server.api.peer import PeerProtocol


class Wire(asyncio.Transport):
    def __init__(self, host: str, certificate: object) -> None:
        super().__init__()
        self.info = {"peername": (host, 1), "sockname": ("::1", 2), "peercert": certificate}
        self.sent, self.closed = b"", asyncio.Event()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.info.get(name, default)

    def write(self, data: Any) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def close(self) -> None:
        self.closed.set()

    abort = close


async def nothing(scope: Any, receive: Any, send: Any) -> None: ...


def connect(state: ServerState, host: str = "h", certificate: object = None) -> tuple[PeerProtocol, Wire]:
    wire = Wire(host, certificate)
    protocol = PeerProtocol(uvicorn.Config(nothing, ws="none", lifespan="off", log_config=None), state, {})
    protocol.connection_made(wire)
    return protocol, wire


@pytest.mark.parametrize(
    ("start", "piece", "status"),
    [
        (b"GET /", b"x" * 1000, b"414"),
        (b"GET / HTTP/1.1\r\n", b"a: b\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n", b"a: " + b"b" * 1000 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\na: ", b"b" * 1000, b"431"),
    ],
)
async def test_an_endless_head_is_refused(start: bytes, piece: bytes, status: bytes) -> None:
    protocol, wire = connect(ServerState())
    protocol.data_received(start)
    for _ in range(110):
        if wire.is_closing():
            break
        protocol.data_received(piece)
    assert wire.is_closing()
    assert wire.sent.startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\na: b\r\n"])
async def test_a_head_that_does_not_come_ends_the_connection(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "_HEAD_SECONDS", 0.01)
    protocol, wire = connect(ServerState())
    if start:
        protocol.data_received(start)
    await asyncio.wait_for(wire.closed.wait(), 20)


async def test_the_unknown_do_not_displace_agents() -> None:
    state = ServerState()
    wires = [connect(state)[1] for _ in range(257)]
    assert [wire.is_closing() for wire in wires] == [False] * 256 + [True]
    assert not connect(state, "other")[1].is_closing()
    assert not connect(state, "h", {"subject": ()})[1].is_closing()
