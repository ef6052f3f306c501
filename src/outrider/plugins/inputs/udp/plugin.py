"""The udp input."""

from __future__ import annotations

from typing import Final

from outrider.model.errors import UserError
from outrider.net.listen import DatagramListener
from outrider.pipeline.common.payload_session import Payload, take_datagram
from outrider.pipeline.plugin import Bound, Input, Intake
from outrider.plugins.inputs.udp.config import Options

DEFAULT_PORT: Final = 5170


class Udp(Input[Options]):
    """JSON values or lines in datagrams; the end of a datagram ends its last record."""

    Options = Options
    shared = True
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        options = self.options
        if self.core.tls:
            raise UserError("udp has no TLS", fix="use the tcp input")
        self._payload = Payload.of(
            self.core.tag or self.context.name,
            options.format,
            options.separator,
            (options.buffer_size, options.chunk_size),
            self.context.library.parser(options.parser) if options.parser else None,
            options.source_address_key,
        )

    def binds(self) -> Bound | None:
        """See Input."""
        return Bound("udp", self.core.listen or self.core.host or "0.0.0.0", self.core.port or DEFAULT_PORT)

    async def start(self, intake: Intake) -> None:
        """See Input."""
        self._intake = intake
        self._listener = DatagramListener(self._take, self.log.warn)
        host = self.core.listen or self.core.host or "0.0.0.0"
        port = await self._listener.listen_udp(host, self.core.port or DEFAULT_PORT)
        self.log.info(f"listening on {host}:{port} (udp)")

    def _take(self, data: bytes, peer: str) -> None:
        trouble = take_datagram(self._payload, self._intake, data, peer)
        if trouble:
            self.log.warn(f"a datagram from {peer} is dropped in part: {trouble}")

    async def stop(self) -> None:
        """See Input."""
        await self._listener.close()
