"""An HTTP/1.1 listener: each request comes whole and bounded to one handler, which may wait before it answers.

aiohttp is imported with the first listener: who has none does not pay for it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from outrider.model.errors import LocalError
from outrider.net.listen import SHARED
from outrider.net.seats import BUSY, Seats

if TYPE_CHECKING:
    from aiohttp import web

CONNECTIONS_MAX: Final = 1024
HEAD_SECONDS: Final = 75.0
"""How long the head of a request may take, the pause before it included."""
BODY_SECONDS: Final = 60.0
"""How long the body of a request may take."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request. ``target`` is as it was sent; names of ``headers`` are found in any case."""

    method: str
    target: str
    headers: Mapping[str, str]
    peer: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int
    text: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)


_CAUSE_MAX: Final = 200
TOO_LARGE: Final = Reply(413, "error: request is too large\n")
TOO_SLOW: Final = Reply(408, "error: request took too long\n")
TOO_MUCH: Final = Reply(503, "error: too many unfinished requests\n", [("Retry-After", "5")])


class Voice(Protocol):
    """See ``outrider.pipeline.log.Log``."""

    def warn(self, message: str, about: str = "") -> None: ...
    def error(self, message: str, about: str = "") -> None: ...


def fault_logger(voice: Voice) -> logging.Logger:
    """A logger for aiohttp's servers: what peers do wrong becomes a warning, all else an error; no tracebacks."""
    logger = logging.Logger("http", logging.DEBUG)
    logger.propagate = False
    logger.addHandler(_Faults(voice))
    return logger


class _Faults(logging.Handler):
    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._voice = voice

    def emit(self, record: logging.LogRecord) -> None:
        from aiohttp.http_exceptions import HttpProcessingError

        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            peer = record.args[0] if isinstance(record.args, tuple) and record.args else "a client"
            cause = " ".join(error.message.split())[:_CAUSE_MAX]
            self._voice.warn(f"bad request from {peer}: {cause}", about=type(error).__name__)
        elif record.levelno >= logging.WARNING:
            said = f"{type(error).__name__}: {error}" if error else record.getMessage()
            self._voice.error(f"HTTP server: {said}")


class HttpListener:
    """``answer`` gets each request; ``unfinished`` is told of the bytes of bodies and says whether there is room.

    ``before`` is given method and target when the head of a request has come; what it replies is the answer, and the
    body is not read. ``voice`` is told of requests that are none, and of connections that find no place: the one that
    has been without a request for the longest, at the address that holds the most, makes room.
    """

    def __init__(
        self,
        answer: Callable[[Request], Awaitable[Reply]],
        *,
        limit: int,
        server: str,
        before: Callable[[str, str], Awaitable[Reply | None]],
        unfinished: Callable[[int], bool],
        voice: Voice,
    ) -> None:
        self._answer = answer
        self._limit = limit
        self._name = server
        self._before = before
        self._unfinished = unfinished
        self._voice = voice
        self._runner: web.ServerRunner | None = None
        self._seats: Seats[_Seat] = Seats(CONNECTIONS_MAX)
        self._taken_by: dict[asyncio.BaseProtocol, _Seat] = {}

    async def listen(self, host: str, port: int, *, backlog: int, share_port: bool, tls: ssl.SSLContext | None) -> int:
        """Bind; returns the port. Raises LocalError."""
        from aiohttp import web

        server = web.Server(
            self._handle,
            auto_decompress=False,
            access_log=None,
            logger=fault_logger(self._voice),
            keepalive_timeout=HEAD_SECONDS,
        )
        runner = self._runner = web.ServerRunner(server, shutdown_timeout=2.0)
        await runner.setup()
        loop = asyncio.get_running_loop()
        try:
            made = await loop.create_server(
                lambda: _Seat(self, server()),
                host,
                port,
                backlog=backlog,
                reuse_port=share_port or SHARED.active or None,
                ssl=tls,
            )
        except OSError as error:
            await runner.cleanup()
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise LocalError(f"could not listen on {host}:{port}: {reason}") from error
        self._server = made
        return int(made.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Accept nobody new, let requests that have begun come to their end (for two seconds), hang up."""
        if self._runner is None:
            return
        self._server.close()
        await self._runner.cleanup()

    def opened(self, seat: _Seat) -> bool:
        """Somebody has connected; returns whether there is a place."""
        now = asyncio.get_running_loop().time()
        if self._seats.full:
            idle = self._seats.idlest(now)
            if idle is None:
                self._voice.warn(f"connection from {seat.peer} refused: {CONNECTIONS_MAX} are open, and none is idle")
                return False
            self._voice.warn(f"an idle connection from {idle.peer} closed for another: {CONNECTIONS_MAX} are open")
            self.closed(idle)
            idle.transport.close()
        self._seats.take(seat, seat.peer, now)
        self._taken_by[seat.handler] = seat
        return True

    def closed(self, seat: _Seat) -> None:
        """A connection is gone."""
        self._seats.leave(seat, seat.peer)
        self._taken_by.pop(seat.handler, None)

    async def _handle(self, request: Any) -> web.StreamResponse:
        seat = self._taken_by.get(request.protocol)
        if seat is None:
            return await self._replied(request)
        self._seats.stir(seat, seat.peer, BUSY)
        try:
            return await self._replied(request)
        finally:
            self._seats.stir(seat, seat.peer, asyncio.get_running_loop().time())

    async def _replied(self, request: Any) -> web.StreamResponse:
        reply = await self._before(request.method, request.raw_path)
        if reply is None:
            reply = await self._taken(request)
        from aiohttp import web

        headers = [("Server", self._name), *reply.headers]
        response = web.Response(status=reply.status, headers=headers, body=reply.text.encode() or None)
        if reply is TOO_LARGE or reply is TOO_SLOW or reply.status == TOO_MUCH.status:
            response.force_close()  # the rest of the body is not waited for
        return response

    async def _taken(self, request: Any) -> Reply:
        if (request.content_length or 0) > self._limit:
            return TOO_LARGE
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # else the answer itself counts as begun
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for data in request.content.iter_any():
                    body += data
                    if not self._unfinished(len(data)):
                        return TOO_MUCH
                    if len(body) > self._limit:
                        return TOO_LARGE
            headers: Mapping[str, str] = request.headers
            return await self._answer(
                Request(request.method, request.raw_path, headers, request.remote or "", bytes(body))
            )
        except TimeoutError:
            return TOO_SLOW
        finally:
            self._unfinished(-len(body))


class _Seat(asyncio.Protocol):
    """A connection: ``handler`` is aiohttp's side of it, which hears of it when there is a place."""

    def __init__(self, listener: HttpListener, handler: asyncio.Protocol) -> None:
        self._listener = listener
        self.handler = handler
        self.transport: asyncio.Transport
        self.peer = ""
        self._has_place = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if isinstance(name, tuple) else ""
        self._has_place = self._listener.opened(self)
        if self._has_place:
            self.handler.connection_made(transport)
        else:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._has_place:
            self.handler.data_received(data)

    def eof_received(self) -> bool | None:
        return self.handler.eof_received() if self._has_place else None

    def connection_lost(self, error: Exception | None) -> None:
        self._listener.closed(self)
        if self._has_place:
            self.handler.connection_lost(error)

    def pause_writing(self) -> None:
        self.handler.pause_writing()

    def resume_writing(self) -> None:
        self.handler.resume_writing()
