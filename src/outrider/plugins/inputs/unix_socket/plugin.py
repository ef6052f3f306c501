"""The unix_socket input."""

from __future__ import annotations

from outrider.model.errors import UserError
from outrider.net.listen import DatagramListener, StreamListener, UnixAddress
from outrider.pipeline.common.payload_session import Payload, PayloadSession, take_datagram
from outrider.pipeline.plugin import Input, Intake
from outrider.plugins.inputs.unix_socket.config import Options


class UnixSocket(Input[Options]):
    """JSON values or lines over a unix socket; times are those of arrival."""

    Options = Options
    shared = True
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        options = self.options
        if not options.socket_path:
            raise UserError("socket_path is missing", fix="set Socket_Path to where the socket is to be")
        if self.core.tls:
            raise UserError("a unix socket has no TLS", fix="remove tls")
        self._payload = Payload.of(
            self.core.tag or self.context.name,
            options.format,
            options.separator,
            (options.buffer_size, options.chunk_size),
        )

    def unix_sockets(self) -> list[UnixAddress]:
        """See Input."""
        options = self.options
        return [UnixAddress(options.socket_path, options.socket_permissions, options.socket_mode == "DGRAM")]

    async def start(self, intake: Intake) -> None:
        """See Input."""
        options = self.options
        self._intake = intake
        self._listener: StreamListener | DatagramListener
        if options.socket_mode == "DGRAM":
            datagrams = self._listener = DatagramListener(self._take, self.log.warn)
            await datagrams.listen_unix(options.socket_path, options.socket_permissions)
        else:
            listener = StreamListener(
                lambda peer: PayloadSession(self._payload, intake, peer, self.log.warn), self.log.warn, self.log.debug
            )
            self._listener = listener
            intake.on_room(listener.pause, listener.resume)
            await listener.listen_unix(options.socket_path, options.socket_permissions, backlog=self.core.net_backlog)
        self.log.info(f"listening on unix://{options.socket_path}")

    def _take(self, data: bytes, peer: str) -> None:
        trouble = take_datagram(self._payload, self._intake, data, peer)
        if trouble:
            self.log.warn(f"a datagram is dropped in part: {trouble}")

    async def stop(self) -> None:
        """See Input."""
        await self._listener.close()
