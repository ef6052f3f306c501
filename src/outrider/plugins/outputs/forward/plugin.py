"""The forward output."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import msgpack as stream

from outrider.formats import msgpack, words
from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.connect import Connection, Target
from outrider.net.tls import client_context
from outrider.net.upstream import Upstream, target
from outrider.pipeline.common.nodes import Turns, beside_upstream, each_node, in_turn
from outrider.pipeline.log import Log
from outrider.pipeline.options import OutputCore
from outrider.pipeline.plugin import Delivery, Encoded, EncodingOutput
from outrider.plugins.outputs.forward.config import NodeOptions, Options
from outrider.protocols.forward import frames, handshake

DEFAULT_PORT = 24224
_ANSWER_MAX = 64 * 1024


class Forward(EncodingOutput[Options]):
    """Sends PackedForward frames; with acknowledgements nothing is lost when the peer dies."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        options = self.options
        try:
            extra = dict(words.pair(text) for text in options.add_option)
        except ValueError as error:
            raise UserError(f"add_option: {error}") from error

        def peer(name: str, core: OutputCore, own: Options) -> Peer:
            return Peer(name, core, own, extra, self.log)

        if options.upstream:
            if options.unix_path:
                raise UserError("unix_path and upstream exclude each other", fix="remove one of them")
            servers = self.context.library.upstreams.servers(options.upstream)
            self._peers = each_node(servers, self.core, options, NodeOptions, peer)
        else:
            self._peers = [peer("", self.core, options)]
        self._turns = Turns(self._peers)
        self._forms = sorted({peer.options.time_as_integer for peer in self._peers})

    def peers(self) -> list[Target]:
        """See Output."""
        return [peer.target for peer in self._peers]

    def doubts(self) -> list[UserError]:
        """See Output."""
        return beside_upstream(self.core) if self.options.upstream else []

    def encode(self, batch: Batch) -> list[bytes | memoryview]:
        """The records as entries of a frame, in each form of times that a peer wants."""
        with_metadata = self.options.retain_metadata_in_forward_mode
        return [frames.entries(batch, integer_times=form, with_metadata=with_metadata) for form in self._forms]

    async def send_encoded(self, encoded: Encoded) -> Delivery:
        """See EncodingOutput."""

        async def send(peer: Peer) -> None:
            form = self._forms.index(peer.options.time_as_integer)
            await peer.send(encoded.tag, b"".join([part[form] for part in encoded.parts]), encoded.count)

        await in_turn(self._turns, send, self.log)
        return Delivery(encoded.count)

    async def stop(self) -> None:
        """See Output."""
        for peer in self._peers:
            await peer.close()


class Peer:
    """Who takes the frames: the output's own peer, or a node of its upstream."""

    def __init__(self, name: str, core: OutputCore, options: Options, extra: Mapping[str, str], log: Log) -> None:
        """Raises UserError where TLS cannot be."""
        self.name = name
        self.options = options
        self._core = core
        self._extra = dict(extra)
        self._log = log
        tls = client_context(core) if core.tls else None
        self.target = target(core, core.host or "127.0.0.1", core.port or DEFAULT_PORT, tls, options.unix_path)
        self._upstream = Upstream(
            self.target, keepalive=core.net_keepalive, idle_timeout=core.net_keepalive_idle_timeout
        )

    def __str__(self) -> str:
        return f"node '{self.name}'"

    async def send(self, tag: str, packed: bytes, count: int) -> None:
        """Deliver a frame of these entries. Raises PeerError."""
        options = self.options
        chunk = frames.chunk_id(packed) if options.require_ack_response else ""
        frame = frames.packed_frame(
            options.tag or tag, packed, count, self._extra, gzip=options.compress == "gzip", chunk=chunk
        )
        async with self._upstream.connection() as (connection, is_new):
            if is_new:
                await self._greet(connection)
                self._log.info(f"connected to {self.target}" + (f", {self}" if self.name else ""))
            await connection.write(*frame)
            if chunk:
                await self._await_ack(connection, chunk)

    async def _greet(self, connection: Connection) -> None:
        options = self.options
        if not (options.shared_key or options.empty_shared_key):
            return
        name = options.self_hostname or socket.gethostname()
        key, salt = options.shared_key.encode(), os.urandom(16)
        helo = await self._message(connection, self._core.net_connect_timeout)
        try:
            ping, nonce = handshake.ping(
                helo, hostname=name, shared_key=key, salt=salt, username=options.username, password=options.password
            )
        except ValueError as error:
            raise PeerError(f"{self.target}: {error}") from error
        await connection.write(ping)
        pong = await self._message(connection, self._core.net_connect_timeout)
        fault = handshake.check_pong(pong, nonce=nonce, salt=salt, shared_key=key, hostname=name)
        if fault:
            raise PeerError(f"{self.target}: {fault}")

    async def _await_ack(self, connection: Connection, chunk: str) -> None:
        answer = await self._message(connection, self.options.ack_timeout)
        if not isinstance(answer, dict) or answer.get("ack") != chunk:
            raise PeerError(f"{self.target}: wrong acknowledgement")

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
                raise PeerError(f"{self.target}: the answer is not msgpack: {error}") from error
        raise PeerError(f"{self.target}: the answer is too long")

    async def close(self) -> None:
        """Close in order: what was written still goes out."""
        await self._upstream.close()
