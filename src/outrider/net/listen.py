"""Listeners. What they receive goes at once, on the event loop, to a session that never waits.

Back-pressure: ``pause`` stops reading on every connection, so the kernel's buffers fill and senders wait; nothing is
closed. When all places are taken, the connection that has been still the longest, at the address that holds the most,
gives up its place. What a session raises ends its connection alone. ``close`` first takes what peers have already sent,
then hangs up.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
import traceback
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, cast

from msgspec import Struct

from outrider.model.errors import LocalError
from outrider.net.seats import Seats
from outrider.net.unix_sockets import UnixSocket

CONNECTIONS_MAX: Final = 4096
_DRAIN_STEP: Final = 0.01
_PLACES: Final = 4
_SAID_MAX: Final = 200


class UnixAddress(Struct, frozen=True):
    """A unix socket that is to be bound; ``mode`` None: as the process's mask says."""

    path: str
    mode: int | None = None
    datagrams: bool = False


class Shared:
    """Addresses that several processes listen on: unix sockets bound before they were forked, and TCP and UDP ports."""

    def __init__(self) -> None:
        self.active = False
        """Whether this process is one of several."""
        self._sockets: dict[str, UnixSocket] = {}

    def bind(self, addresses: Iterable[UnixAddress]) -> None:
        """Bind, in the process that forks the others. Raises UserError or LocalError."""
        self.active = True
        for address in addresses:
            kind = socket.SOCK_DGRAM if address.datagrams else socket.SOCK_STREAM
            self._sockets[address.path] = UnixSocket(address.path, address.mode, kind)

    def unix(self, path: str) -> socket.socket:
        """A copy of the bound socket. Raises LocalError for a path that was not bound."""
        if path not in self._sockets:
            raise LocalError(f"unix://{path} was not there when the processes began; fix: restart instead of reloading")
        return self._sockets[path].sock.dup()

    def close(self) -> None:
        """Remove the sockets' files."""
        for bound in self._sockets.values():
            bound.sock.close()
            bound.remove()
        self._sockets.clear()


SHARED: Final = Shared()
"""This process's."""


class Answer(Struct, frozen=True):
    """What to do after some bytes: send ``reply``, then hang up if ``close`` says why."""

    reply: bytes = b""
    close: str = ""


class Session(Protocol):
    """One connection's protocol; called on the event loop, never waits."""

    def greeting(self) -> bytes:
        """What to send on connect."""

    def feed(self, data: bytes) -> Answer:
        """Bytes came."""

    def end(self) -> None:
        """The peer has hung up or we have."""


class _Connection(asyncio.Protocol):
    def __init__(self, listener: StreamListener) -> None:
        self._listener = listener
        self.transport: asyncio.Transport
        self.session: Session
        self.peer = ""
        """The peer's address; without the port, so that messages about a flood are alike."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if isinstance(name, tuple) else "unix socket"
        self._listener.opened(self)

    def data_received(self, data: bytes) -> None:
        if not self._listener.has(self):
            return
        self._listener.heard(self)
        try:
            answer = self.session.feed(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            self._listener.warn(f"connection from {self.peer} closed: {fault(error)}")
            self.transport.abort()
            return
        if answer.reply:
            self.transport.write(answer.reply)
        if answer.close:
            self._listener.warn(f"connection from {self.peer} closed: {answer.close}")
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._listener.closed(self)


class StreamListener:
    """Stream sockets, TCP or unix, plain or TLS.

    ``open_session`` gets the peer's address, ``warn`` what went wrong, ``debug`` each connection that comes or goes.
    """

    def __init__(
        self,
        open_session: Callable[[str], Session],
        warn: Callable[[str], None],
        debug: Callable[[str], None] = lambda said: None,
    ) -> None:
        self._open_session = open_session
        self.warn = warn
        self._debug = debug
        self.received = 0
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._seats: Seats[_Connection] = Seats(CONNECTIONS_MAX)
        self._paused = False
        self._bound: UnixSocket | None = None

    async def listen_tcp(
        self, host: str, port: int, *, backlog: int = 128, share_port: bool = False, tls: ssl.SSLContext | None = None
    ) -> int:
        """Bind; returns the port. Raises LocalError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Connection(self),
                host,
                port,
                backlog=backlog,
                reuse_port=share_port or SHARED.active or None,
                ssl=tls,
            )
        except OSError as error:
            raise _cannot_listen(f"{host}:{port}", error) from error
        return int(self._server.sockets[0].getsockname()[1])

    async def listen_unix(self, path: str, mode: int | None, *, backlog: int = 128) -> None:
        """Bind a unix stream socket; an old socket file at that path is removed. Raises UserError or LocalError."""
        if SHARED.active:
            sock = SHARED.unix(path)
        else:
            self._bound = UnixSocket(path, mode, socket.SOCK_STREAM)
            sock = self._bound.sock
        self._server = await asyncio.get_running_loop().create_unix_server(
            lambda: _Connection(self), sock=sock, backlog=backlog
        )

    def opened(self, connection: _Connection) -> None:
        """A peer has connected."""
        now = asyncio.get_running_loop().time()
        if self._seats.full:
            idle = None if self._paused else self._seats.idlest(now)  # while nothing is read, all are still
            if idle is None:
                self.warn(f"connection from {connection.peer} refused: {CONNECTIONS_MAX} are open, and none is idle")
                connection.session = _Refused()
                connection.transport.abort()
                return
            self.warn(f"an idle connection from {idle.peer} closed for another: {CONNECTIONS_MAX} are open")
            self.closed(idle)
            idle.transport.close()
        self._seats.take(connection, connection.peer, now)
        connection.session = self._open_session(connection.peer)
        self._connections.add(connection)
        self._debug(f"connection from {connection.peer} opened, {len(self._connections)} are open")
        if self._paused:
            connection.transport.pause_reading()
        greeting = connection.session.greeting()
        if greeting:
            connection.transport.write(greeting)

    def closed(self, connection: _Connection) -> None:
        """A connection is gone; its session ends once, whoever hung up."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._seats.leave(connection, connection.peer)
            self._debug(f"connection from {connection.peer} closed, {len(self._connections)} are open")
            try:
                connection.session.end()
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                self.warn(f"the end of a connection from {connection.peer}: {fault(error)}")

    def heard(self, connection: _Connection) -> None:
        """Bytes came."""
        self.received += 1
        self._seats.stir(connection, connection.peer, asyncio.get_running_loop().time())

    def has(self, connection: _Connection) -> bool:
        """Whether the connection's session still takes bytes."""
        return connection in self._connections

    def pause(self) -> None:
        """Stop reading everywhere."""
        self._paused = True
        for connection in self._connections:
            if not connection.transport.is_closing():
                connection.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self._paused = False
        now = asyncio.get_running_loop().time()
        for connection in self._connections:
            self._seats.stir(connection, connection.peer, now)
            if not connection.transport.is_closing():
                connection.transport.resume_reading()

    async def close(self, seconds: float = 2.0) -> None:
        """Accept nobody new, take what was sent already (for so long at most), hang up."""
        if self._server is not None:
            self._server.close()
        await self._drain(seconds)
        for connection in list(self._connections):
            self.closed(connection)  # the loop would tell the session later, when nobody waits for its last record
            connection.transport.close()
        if self._bound is not None:
            self._bound.remove()

    async def _drain(self, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            before = self.received
            await asyncio.sleep(_DRAIN_STEP)
            if self.received == before and not self._readable():
                return

    def _readable(self) -> bool:
        poll = select.poll()
        watched = 0
        for connection in self._connections:
            sock = connection.transport.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0 and not connection.transport.is_closing():
                poll.register(sock.fileno(), select.POLLIN)
                watched += 1
        return bool(watched) and any(flags & select.POLLIN and not flags & select.POLLHUP for _, flags in poll.poll(0))


class _Refused:
    def greeting(self) -> bytes:
        return b""

    def feed(self, data: bytes) -> Answer:
        return Answer(close="refused")

    def end(self) -> None:
        """Nothing was begun."""


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, str], None], warn: Callable[[str], None]) -> None:
        self._take = take
        self._warn = warn

    def datagram_received(self, data: bytes, addr: Any) -> None:
        peer = str(addr[0]) if isinstance(addr, tuple) else "unix socket"
        try:
            self._take(data, peer)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            self._warn(f"a datagram from {peer} is dropped: {fault(error)}")


class DatagramListener:
    """UDP or unix datagrams; ``take`` gets each with the sender's address."""

    def __init__(self, take: Callable[[bytes, str], None], warn: Callable[[str], None]) -> None:
        self._take = take
        self._warn = warn
        self._transport: asyncio.DatagramTransport | None = None
        self._bound: UnixSocket | None = None

    async def listen_udp(self, host: str, port: int, receive_buffer: int = 0) -> int:
        """Bind; returns the port. Raises LocalError."""
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self._take, self._warn), local_addr=(host, port), reuse_port=SHARED.active or None
            )
        except OSError as error:
            raise _cannot_listen(f"{host}:{port} (udp)", error) from error
        sock = self._transport.get_extra_info("socket")
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        return int(sock.getsockname()[1])

    async def listen_unix(self, path: str, mode: int | None, receive_buffer: int = 0) -> None:
        """Bind a unix datagram socket. Raises UserError or LocalError."""
        if SHARED.active:
            sock = SHARED.unix(path)
        else:
            self._bound = UnixSocket(path, mode, socket.SOCK_DGRAM)
            sock = self._bound.sock
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self._take, self._warn), sock=sock
        )

    async def close(self) -> None:
        """Take what has arrived, then close."""
        if self._transport is None:
            return
        await asyncio.sleep(_DRAIN_STEP)
        self._transport.close()
        if self._bound is not None:
            self._bound.remove()


def fault(error: Exception) -> str:
    """What nobody foresaw, with where it came from."""
    places = "".join(traceback.format_tb(error.__traceback__)[-_PLACES:])
    return f"unexpected {type(error).__name__}: {str(error)[:_SAID_MAX]}\n{places}"


def _cannot_listen(where: str, error: OSError) -> LocalError:
    advice = {
        98: "; fix: stop the process that has this address, or choose another",
        13: "; fix: ports below 1024 need CAP_NET_BIND_SERVICE, unix paths a directory that this user may write",
        2: "; fix: make the directory first",
    }
    reason = os.strerror(error.errno) if error.errno else str(error)
    return LocalError(f"could not listen on {where}: {reason}{advice.get(error.errno or 0, '')}")
