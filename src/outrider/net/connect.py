"""Client connections that say when the peer's machine has the bytes, and notice when it hangs up or falls silent."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import ssl
import struct
import termios
from typing import Final, NoReturn, cast

from msgspec import Struct

from outrider.model.errors import PeerError
from outrider.net.tls import TlsPipe

_SILENCE_MAX: Final = 20.0
"""Seconds without any acknowledgement after which a machine that should acknowledge counts as gone.

A peer that reads slowly or not at all acknowledges the kernel's probes, and is waited for.
"""
_LOOK_FIRST: Final = 0.001
_LOOK_LAST: Final = 1.0
"""Seconds between two looks at what is on its way; they double."""
_LAST_ACK: Final = struct.Struct("=56xI")
"""``tcpi_last_ack_recv`` of ``struct tcp_info``, in milliseconds."""


class Target(Struct, frozen=True):
    """Where to connect: a unix path, or host and port, with TLS or without."""

    host: str = ""
    port: int = 0
    path: str = ""
    tls: ssl.SSLContext | None = None
    server_name: str = ""
    source: str = ""
    connect_timeout: float = 10.0
    io_timeout: float = 0.0
    tcp_keepalive: bool = False
    ipv6: bool = False

    def __str__(self) -> str:
        return f"unix://{self.path}" if self.path else f"{self.host}:{self.port}"


class Connection(asyncio.Protocol):
    """A connected stream. Made by ``connect``."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._transport: asyncio.Transport
        self._lost = ""
        self._writable = asyncio.Event()
        self._writable.set()
        self._incoming = bytearray()
        self._arrived = asyncio.Event()
        self._ended = asyncio.Event()
        self._tls = TlsPipe(target.tls, target.server_name or target.host) if target.tls else None
        self._ready = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)
        if self._tls is None:
            self._ready.set()
        else:
            self._decrypt(self._tls, b"")

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._tls is not None:
            data = self._decrypt(self._tls, data)
            if not data:
                return
        if len(self._incoming) < 1 << 20:  # nobody reads from a peer that should be silent
            self._incoming += data
        self._arrived.set()

    def _decrypt(self, tls: TlsPipe, data: bytes) -> bytes:
        """What the peer says in these bytes; nothing while the handshake goes on."""
        found = b""
        try:
            found = tls.receive(data)
        except ssl.SSLError as error:
            self._lost = self._lost or f"TLS failed: {error}"
        self._transport.write(tls.waiting())  # the next step, or the alert that tells the peer what is wrong
        if tls.ended:
            self._lost = self._lost or "the peer closed the connection"
        if self._lost:
            self._transport.close()
            self._arrived.set()
        elif tls.established:
            self._ready.set()
        return found

    def eof_received(self) -> bool:
        """See asyncio.Protocol."""
        self._lost = self._lost or "the peer closed the connection"
        self._arrived.set()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._lost = str(error or self._lost or "the connection was closed")
        for event in (self._writable, self._arrived, self._ready, self._ended):
            event.set()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.set()

    @property
    def usable(self) -> bool:
        """Whether the peer is still there, as far as we know."""
        return not self._lost and not self._transport.is_closing()

    async def write(self, *pieces: bytes | memoryview) -> None:
        """Bring all of it to the peer's machine. Raises PeerError; some of the data may have arrived then.

        On return the peer's kernel has acknowledged everything, or, on a unix socket, has been handed it.
        """
        if not self.usable:
            raise PeerError(f"{self._target}: {self._lost or 'closed'}")
        if self._tls is None:
            self._transport.writelines(pieces)
        else:
            try:
                self._transport.write(self._tls.encrypt(pieces))
            except ssl.SSLError as error:
                raise PeerError(f"{self._target}: TLS failed: {error}") from error
        if self._on_its_way():
            await self._arrival()
        if self._lost:
            raise PeerError(f"{self._target}: {self._lost}")

    def _on_its_way(self) -> int:
        """Bytes that the peer's kernel has not acknowledged."""
        waiting = self._transport.get_write_buffer_size()
        return waiting + (_unacknowledged(self._socket()) if self.usable and not self._target.path else 0)

    async def _arrival(self) -> None:
        """Wait until nothing is on its way any more. Raises PeerError when it makes no progress."""
        clock = asyncio.get_running_loop().time
        left, since, pause = self._on_its_way(), clock(), _LOOK_FIRST
        while left and not self._lost:
            try:
                async with asyncio.timeout(pause):
                    await (self._ended if self._writable.is_set() else self._writable).wait()
            except TimeoutError:
                pause = min(pause * 2, _LOOK_LAST)
            now_left = self._on_its_way()
            if now_left < left:
                left, since = now_left, clock()
                continue
            idle, allowed = clock() - since, self._target.io_timeout
            if idle >= (allowed or _SILENCE_MAX) and (allowed or self._silence() >= _SILENCE_MAX):
                self.abort()
                raise PeerError(f"{self._target}: no progress for {allowed or _SILENCE_MAX:g} seconds")

    def _silence(self) -> float:
        """Seconds since the peer's kernel has acknowledged anything."""
        if not self.usable or self._target.path:
            return 0.0
        info = self._socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_ACK.size)
        return float(_LAST_ACK.unpack(info)[0]) / 1000

    def _socket(self) -> socket.socket:
        return cast("socket.socket", self._transport.get_extra_info("socket"))

    async def read(self, seconds: float) -> bytes:
        """What the peer has sent, at least one byte. Raises PeerError when it hangs up or says nothing for so long."""
        try:
            async with asyncio.timeout(seconds):
                while not self._incoming:
                    if self._lost:
                        raise PeerError(f"{self._target}: {self._lost}")
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            raise PeerError(f"{self._target}: no answer within {seconds:g} seconds") from None
        data = bytes(self._incoming)
        self._incoming.clear()
        return data

    async def ready(self) -> None:
        """Wait until TLS, if there is any, is established. Raises PeerError."""
        await self._ready.wait()
        if self._lost:
            raise PeerError(f"{self._target}: {self._lost}")

    def close(self) -> None:
        """Close in order; what was written still goes out."""
        if self._tls is not None and self.usable:
            self._transport.write(self._tls.goodbye())
        self._transport.close()

    async def closed(self, seconds: float) -> None:
        """Wait until everything has gone out, for so long at most."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()


async def connect(target: Target) -> Connection:
    """Connect. Raises PeerError that names the peer and what failed."""
    loop = asyncio.get_running_loop()

    def made() -> Connection:
        return Connection(target)

    connection: Connection | None = None
    try:
        async with asyncio.timeout(target.connect_timeout):
            if target.path:
                _, connection = await loop.create_unix_connection(made, target.path)
            else:
                _, connection = await loop.create_connection(
                    made,
                    target.host,
                    target.port,
                    family=socket.AF_INET6 if target.ipv6 else socket.AF_UNSPEC,
                    local_addr=(target.source, 0) if target.source else None,
                )
            await connection.ready()
    except TimeoutError:
        if connection is not None:
            connection.abort()
        raise PeerError(f"{target}: no connection within {target.connect_timeout:g} seconds") from None
    except OSError as error:
        raise PeerError(f"{target}: {error.strerror or error}") from error
    if target.tcp_keepalive and not target.path:
        connection._socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connection


def _unacknowledged(sock: socket.socket) -> int:
    return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0])


_TURNS: Final = 3


class Datagrams(asyncio.DatagramProtocol):
    """A connected datagram socket. Made by ``connect_datagrams``."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._transport: asyncio.DatagramTransport
        self._error = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.DatagramProtocol."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def error_received(self, error: Exception) -> None:
        """See asyncio.DatagramProtocol; an ICMP refusal of an earlier datagram."""
        self._error = getattr(error, "strerror", None) or str(error)

    def send(self, data: bytes) -> None:
        """Send one datagram. Raises PeerError when an earlier one was refused."""
        if self._error:
            self._raise()
        self._transport.sendto(data)

    async def settle(self) -> None:
        """To be called behind the last datagram. Raises PeerError when one has been refused, as far as it is known."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)  # the loop asks the socket what came back
        if self._error:
            self._raise()

    def _raise(self) -> NoReturn:
        error, self._error = self._error, ""
        raise PeerError(f"{self._target} (udp): {error}")

    def close(self) -> None:
        """Close."""
        self._transport.close()


async def connect_datagrams(target: Target) -> Datagrams:
    """Open a UDP socket to one peer. Raises PeerError."""
    try:
        _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Datagrams(target),
            remote_addr=(target.host, target.port),
            family=socket.AF_INET6 if target.ipv6 else socket.AF_UNSPEC,
            local_addr=(target.source, 0) if target.source else None,
        )
    except OSError as error:
        raise PeerError(f"{target} (udp): {error.strerror or error}") from error
    return protocol
