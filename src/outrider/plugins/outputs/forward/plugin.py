"""The forward output."""

from __future__ import annotations

import os
import socket

import msgpack as stream

from outrider.formats import msgpack, words
from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.connect import Connection
from outrider.net.tls import client_context
from outrider.net.upstream import Upstream, target
from outrider.pipeline.plugin import Delivery, Encoded, EncodingOutput
from outrider.plugins.outputs.forward.config import Options
from outrider.protocols.forward import frames, handshake

DEFAULT_PORT = 24224
_ANSWER_MAX = 64 * 1024


class Forward(EncodingOutput[Options]):
    """Sends PackedForward frames; with acknowledgements nothing is lost when the peer dies."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        options = self.options
        if options.upstream:
            raise UserError("upstream files are not supported", fix="use Host and Port")
        try:
            self._extra = dict(words.pair(text) for text in options.add_option)
        except ValueError as error:
            raise UserError(f"add_option: {error}") from error
        tls = client_context(self.core) if self.core.tls else None
        host = self.core.host or "127.0.0.1"
        self._target = target(self.core, host, self.core.port or DEFAULT_PORT, tls, options.unix_path)
        self._upstream = Upstream(
            self._target, keepalive=self.core.net_keepalive, idle_timeout=self.core.net_keepalive_idle_timeout
        )

    def encode(self, batch: Batch) -> bytes | memoryview:
        """The records as entries of a frame."""
        options = self.options
        return frames.entries(
            batch, integer_times=options.time_as_integer, with_metadata=options.retain_metadata_in_forward_mode
        )

    async def send_encoded(self, encoded: Encoded) -> Delivery:
        """See EncodingOutput."""
        options = self.options
        packed = b"".join(encoded.parts)
        chunk = frames.chunk_id(packed) if options.require_ack_response else ""
        frame = frames.packed_frame(
            options.tag or encoded.tag, packed, encoded.count, self._extra, gzip=options.compress == "gzip", chunk=chunk
        )
        async with self._upstream.connection() as (connection, is_new):
            if is_new:
                await self._greet(connection)
                self.log.info(f"connected to {self._target}")
            await connection.write(*frame)
            if chunk:
                await self._await_ack(connection, chunk)
        return Delivery(encoded.count)

    async def _greet(self, connection: Connection) -> None:
        options = self.options
        if not (options.shared_key or options.empty_shared_key):
            return
        name = options.self_hostname or socket.gethostname()
        key, salt = options.shared_key.encode(), os.urandom(16)
        helo = await self._message(connection, self.core.net_connect_timeout)
        try:
            ping, nonce = handshake.ping(
                helo, hostname=name, shared_key=key, salt=salt, username=options.username, password=options.password
            )
        except ValueError as error:
            raise PeerError(f"{self._target}: {error}") from error
        await connection.write(ping)
        pong = await self._message(connection, self.core.net_connect_timeout)
        fault = handshake.check_pong(pong, nonce=nonce, salt=salt, shared_key=key, hostname=name)
        if fault:
            raise PeerError(f"{self._target}: {fault}")

    async def _await_ack(self, connection: Connection, chunk: str) -> None:
        answer = await self._message(connection, self.options.ack_timeout)
        if not isinstance(answer, dict) or answer.get("ack") != chunk:
            raise PeerError(f"{self._target}: wrong acknowledgement")

    async def _message(self, connection: Connection, seconds: float) -> object:
        """One msgpack value from the peer."""
        data = b""
        while len(data) < _ANSWER_MAX:
            data += await connection.read(seconds)
            unpacker = stream.Unpacker(max_buffer_size=0)
            unpacker.feed(data)
            try:
                unpacker.skip()
                return msgpack.decode(data[: unpacker.tell()])
            except stream.OutOfData:
                continue
            except (msgpack.MalformedError, stream.UnpackException, ValueError) as error:
                raise PeerError(f"{self._target}: the answer is not msgpack: {error}") from error
        raise PeerError(f"{self._target}: the answer is too long")

    async def stop(self) -> None:
        """See Output."""
        await self._upstream.close()
