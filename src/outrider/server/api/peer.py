"""The client certificate of a connection, which uvicorn keeps to itself.

Uses two classes that uvicorn does not promise to keep: ``tests/integration/server`` proves that it still works.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PeerProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with the verified client certificate in each request's scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection is open and its handshake done."""
        super().connection_made(transport)
        self._peer = transport.get_extra_info("peercert")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        extensions: dict[str, Any] = {**self.scope.get("extensions", {}), "outrider.peer": self._peer}
        self.scope["extensions"] = extensions

    def abort_if_idle(self) -> None:
        """Close at once unless a request is being answered."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()


def peer_name(request: Request) -> str:
    """The common name of the client's certificate, which TLS has verified; empty where the client has none."""
    certificate = request.scope.get("extensions", {}).get("outrider.peer") or {}
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return names[0] if len(names) == 1 else ""
