"""The client certificate of a connection, which uvicorn keeps to itself.

Uses two classes that uvicorn does not promise to keep: ``tests/integration/server`` proves that it still works.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEADERS = 100
_HEADER_BYTES = 32 << 10
_URL_BYTES = 8 << 10
_HEAD_SECONDS = 10.0
_UNKNOWN_CONNECTIONS = 1000
"""Without client certificate, of all addresses together."""
_UNKNOWN_OF_ADDRESS = 256


class _TooLargeError(Exception):
    """The request is refused with the protocol's ``_refusal``."""


class PeerProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with the verified client certificate in each request's scope.

    The head of a request is bounded in bytes and time, and so is the number of connections without certificate.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection is open and its handshake done."""
        super().connection_made(transport)
        self._peer = transport.get_extra_info("peercert")
        self._refusal = 400
        self._unheard = self._header_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        if self._peer or self._has_room():
            self._await_head()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._head_is_complete()
        super().connection_lost(exc)

    def _has_room(self) -> bool:
        unknown = [each for each in self.connections if isinstance(each, PeerProtocol) and not each._peer]
        host = self.client[0] if self.client else ""
        same = sum(1 for each in unknown if each.client and each.client[0] == host)
        return len(unknown) <= _UNKNOWN_CONNECTIONS and same <= _UNKNOWN_OF_ADDRESS

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(_HEAD_SECONDS, self.transport.abort)

    def _head_is_complete(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def data_received(self, data: bytes) -> None:
        """Bytes arrive."""
        # The parser keeps an unfinished header to itself: what it does not pass on is counted here.
        self._unheard += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unheard > _HEADER_BYTES + _URL_BYTES:
            self._refusal = 431
            self.send_400_response("Request header fields too large.")
        elif self.cycle is None or self.cycle.response_complete:
            # The bytes have ended uvicorn's own deadline for an idle connection.
            self._await_head()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no acceptable request and close."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()  # an answer here would get mixed with the one in progress
            return
        status = HTTPStatus(self._refusal)
        text = status.phrase.encode()
        self.transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-length: %d\r\ncontent-type: text/plain; charset=utf-8\r\n"
            b"connection: close\r\n\r\n%b" % (status, text, len(text), text)
        )
        self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._header_bytes = 0
        extensions: dict[str, Any] = {**self.scope.get("extensions", {}), "outrider.peer": self._peer}
        self.scope["extensions"] = extensions

    def on_url(self, url: bytes) -> None:
        """A part of the URL."""
        super().on_url(url)
        self._unheard = 0
        if len(self.url) > _URL_BYTES:
            self._refusal = 414
            raise _TooLargeError

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole header or trailer."""
        self._unheard = 0
        self._header_bytes += len(name) + len(value)
        if len(self.headers) >= _HEADERS or self._header_bytes > _HEADER_BYTES:
            self._refusal = 431
            raise _TooLargeError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request's head is there."""
        self._unheard = 0
        self._head_is_complete()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unheard = 0
        super().on_body(body)

    def abort_if_idle(self) -> None:
        """Close at once unless a request is being answered."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()


def peer_name(request: Request) -> str:
    """The common name of the client's certificate, which TLS has verified; empty where the client has none."""
    certificate = request.scope.get("extensions", {}).get("outrider.peer") or {}
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return names[0] if len(names) == 1 else ""
