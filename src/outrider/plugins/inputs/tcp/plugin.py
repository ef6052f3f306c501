"""The tcp input."""

from __future__ import annotations

from outrider.net.listen import StreamListener
from outrider.net.tls import server_context
from outrider.pipeline.common.payload_session import Payload, PayloadSession
from outrider.pipeline.plugin import Bound, Input, Intake
from outrider.plugins.inputs.tcp.config import Options

DEFAULT_PORT = 5170


class Tcp(Input[Options]):
    """JSON values or lines over TCP; times are those of arrival."""

    Options = Options
    shared = True
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        options = self.options
        self._payload = Payload.of(
            self.core.tag or self.context.name,
            options.format,
            options.separator,
            (options.buffer_size, options.chunk_size),
            self.context.library.parser(options.parser) if options.parser else None,
            options.source_address_key,
        )
        if self.core.tls:
            server_context(self.core)

    def binds(self) -> Bound | None:
        """See Input."""
        return Bound("tcp", self.core.listen or self.core.host or "0.0.0.0", self.core.port or DEFAULT_PORT)

    async def start(self, intake: Intake) -> None:
        """See Input."""
        core = self.core
        self._listener = StreamListener(
            lambda peer: PayloadSession(self._payload, intake, peer, self.log.warn), self.log.warn, self.log.debug
        )
        intake.on_room(self._listener.pause, self._listener.resume)
        host = core.listen or core.host or "0.0.0.0"
        tls = server_context(core) if core.tls else None
        port = await self._listener.listen_tcp(
            host, core.port or DEFAULT_PORT, backlog=core.net_backlog, share_port=core.net_share_port, tls=tls
        )
        self.log.info(f"listening on {host}:{port}")

    async def stop(self) -> None:
        """See Input."""
        await self._listener.close()
