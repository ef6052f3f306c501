"""A connection that is kept between batches and made anew when it is gone."""

from __future__ import annotations

import asyncio
import ssl
from typing import Protocol

from outrider.net.connect import Connection, Target, connect


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
    )


class Upstream:
    """At most one connection to one peer; not for use by several tasks at once."""

    def __init__(self, where: Target, *, keepalive: bool, idle_timeout: float) -> None:
        self.where = where
        self._keepalive = keepalive
        self._idle_timeout = idle_timeout
        self._connection: Connection | None = None
        self._used = 0.0

    async def get(self) -> tuple[Connection, bool]:
        """The connection and whether it is new. Raises PeerError."""
        now = asyncio.get_running_loop().time()
        connection = self._connection
        if connection is not None:
            idle = bool(self._idle_timeout) and now - self._used > self._idle_timeout
            if connection.usable and not idle:
                self._used = now
                return connection, False
            connection.close()
            self._connection = None
        self._connection = await connect(self.where)
        self._used = now
        return self._connection, True

    def done(self) -> None:
        """A batch is through."""
        if self._connection is not None and not self._keepalive:
            self._connection.close()
            self._connection = None
        self._used = asyncio.get_running_loop().time()

    def drop(self) -> None:
        """The connection is of no use any more."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    def close(self) -> None:
        """Close in order."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
