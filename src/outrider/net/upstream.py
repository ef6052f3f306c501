"""Connections that are kept between batches and made anew when they are gone."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from outrider.net.connect import Connection, Target, connect

_CLOSE_SECONDS: Final = 2.0


class UpstreamOptions(Protocol):
    """See ``outrider.pipeline.options.OutputCore``."""

    @property
    def tls_vhost(self) -> str: ...
    @property
    def net_keepalive(self) -> bool: ...
    @property
    def net_keepalive_idle_timeout(self) -> int: ...
    @property
    def net_connect_timeout(self) -> int: ...
    @property
    def net_io_timeout(self) -> int: ...
    @property
    def net_source_address(self) -> str: ...
    @property
    def net_tcp_keepalive(self) -> bool: ...
    @property
    def ipv6(self) -> bool: ...


def target(options: UpstreamOptions, host: str, port: int, tls: ssl.SSLContext | None = None, path: str = "") -> Target:
    """Where to connect, with an output's network options."""
    return Target(
        host,
        port,
        path,
        tls,
        options.tls_vhost,
        options.net_source_address,
        options.net_connect_timeout,
        options.net_io_timeout,
        options.net_tcp_keepalive,
        options.ipv6,
    )


class Upstream:
    """Connections to one peer, kept between batches; whoever uses one has it alone."""

    def __init__(self, where: Target, *, keepalive: bool, idle_timeout: float) -> None:
        self.where = where
        self._keepalive = keepalive
        self._idle_timeout = idle_timeout
        self._idle: list[tuple[Connection, float]] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[Connection, bool]]:
        """A connection and whether it is new; dropped if the block raises. Raises PeerError."""
        connection, is_new = await self._take()
        try:
            yield connection, is_new
        except BaseException:
            connection.abort()
            raise
        if self._keepalive:
            self._idle.append((connection, asyncio.get_running_loop().time()))
        else:
            connection.close()

    async def _take(self) -> tuple[Connection, bool]:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection, used = self._idle.pop()
            if connection.usable and (not self._idle_timeout or now - used <= self._idle_timeout):
                return connection, False
            connection.close()
        return await connect(self.where), True

    async def close(self) -> None:
        """Close in order: what was written still goes out."""
        idle, self._idle = [connection for connection, _ in self._idle], []
        for connection in idle:
            connection.close()
        for connection in idle:
            await connection.closed(_CLOSE_SECONDS)
