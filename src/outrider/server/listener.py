"""Listening sockets, and uvicorn on them without its own signal handling."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

from outrider.model.errors import UserError
from outrider.server.api.peer import PeerProtocol
from outrider.server.options import Address
from outrider.server.pki.authority import Authority

_BACKLOG = 512
_CONNECTIONS = 3000
"""More than those without certificate may have, which ``PeerProtocol`` bounds."""
_IDLE_CLOSE_SECONDS = 0.5


def bind(address: Address, option: str) -> socket.socket:
    """A bound socket. Raises ``UserError`` that names the option."""
    try:
        ((family, kind, _, _, where), *_) = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        bound = socket.socket(family, kind)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
    except OSError as error:
        raise UserError(
            f"cannot listen on {address}: {error.strerror}", fix=f"choose another address with {option} HOST:PORT"
        ) from error
    return bound


class Listener(uvicorn.Server):
    """One application on one socket."""

    def __init__(self, app: Starlette, bound: socket.socket, authority: Authority | None, *, agents: bool) -> None:
        """TLS with the authority's certificate where one is given; ``agents``: client certificates are verified."""
        super().__init__(
            uvicorn.Config(
                app,
                http=PeerProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=_BACKLOG,
                limit_concurrency=_CONNECTIONS,
                timeout_keep_alive=75 if agents else 15,
                timeout_graceful_shutdown=10,
                ssl_ca_certs=str(authority.ca_path) if authority and agents else None,
                ssl_cert_reqs=ssl.CERT_OPTIONAL if agents else ssl.CERT_NONE,
                ssl_certfile=str(authority.server_path) if authority else None,
                ssl_keyfile=str(authority.server_key_path) if authority else None,
            )
        )
        self._bound = bound
        self._listening = asyncio.Event()
        self.port: int = bound.getsockname()[1]

    async def run_listener(self) -> None:
        """Until ``stop``; requests in progress are finished first."""
        await self.serve([self._bound])

    async def wait_started(self) -> None:
        """Until connections are taken."""
        await self._listening.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it."""
        await super().startup(sockets)
        self._listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it, but idle clients that do not answer the end of TLS are not waited for."""
        asyncio.get_running_loop().call_later(_IDLE_CLOSE_SECONDS, self._abort_idle)
        await super().shutdown(sockets)

    def _abort_idle(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, PeerProtocol):
                connection.abort_if_idle()

    def stop(self) -> None:
        """Take no more connections and end."""
        self.should_exit = True

    def reload_certificate(self, authority: Authority) -> None:
        """New connections get the new certificate."""
        if self.config.ssl is not None:
            self.config.ssl.load_cert_chain(authority.server_path, authority.server_key_path)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The program handles signals itself."""
        yield
