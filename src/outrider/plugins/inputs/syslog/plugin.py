"""The syslog input."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from outrider.model.errors import UserError
from outrider.net.listen import Answer, DatagramListener, StreamListener, UnixAddress
from outrider.net.tls import server_context
from outrider.pipeline.config.library import Library
from outrider.pipeline.plugin import Bound, Decoder, Input, Intake, Unfinished
from outrider.plugins.inputs.syslog.config import Options
from outrider.plugins.inputs.syslog.decode import CODEC, decode, decode_with, piece
from outrider.plugins.inputs.syslog.standard import NAMES, is_standard
from outrider.protocols.syslog.framing import Framing, NewlineFraming, framing

DEFAULT_PORT: Final = 5140


class Syslog(Input[Options]):
    """Takes RFC 3164, RFC 5424 and rsyslog's file format, recognised line by line."""

    Options = Options
    shared = True
    tag_is_fixed = True
    codecs: ClassVar[Mapping[str, Decoder]] = {CODEC: decode}

    def check(self) -> None:
        """See Input."""
        options = self.options
        if options.mode.startswith("unix") and not options.path:
            raise UserError(f"mode {options.mode} needs path", fix="set Path to a unix socket")
        self._codec = CODEC
        if options.parser and not self._is_standard(options.parser):
            self._codec = f"{CODEC}:{options.parser}"
            parser = self.context.library.parser(options.parser)
            self.codecs = {self._codec: decode_with(parser), **self.codecs}  # type: ignore[misc] # an instance's own
        if self.core.tls:
            if options.mode != "tcp":
                raise UserError(f"mode {options.mode} has no TLS", fix="use mode tcp")
            server_context(self.core)
        self._tag = self.core.tag or self.context.name

    @classmethod
    def decoder(cls, codec: str, library: Library) -> Decoder | None:
        """See Input."""
        form, _, parser = codec.partition(":")
        if form != CODEC:
            return None
        return decode_with(library.parser(parser)) if parser else decode

    def unix_sockets(self) -> list[UnixAddress]:
        """See Input."""
        options = self.options
        if not options.mode.startswith("unix"):
            return []
        return [UnixAddress(options.path, options.unix_perm, options.mode == "unix_udp")]

    def binds(self) -> Bound | None:
        """See Input."""
        mode, host = self.options.mode, self.core.listen or self.core.host or "0.0.0.0"
        return Bound(mode, host, self.core.port or DEFAULT_PORT) if mode in ("tcp", "udp") else None

    async def start(self, intake: Intake) -> None:
        """See Input."""
        options, core = self.options, self.core
        self._intake = intake
        self._listener: StreamListener | DatagramListener
        host, port = core.listen or core.host or "0.0.0.0", core.port or DEFAULT_PORT
        if options.mode in ("tcp", "unix_tcp"):
            listener = self._listener = StreamListener(self._open, self.log.warn, self.log.debug)
            intake.on_room(listener.pause, listener.resume)
            if options.mode == "tcp":
                tls = server_context(core) if core.tls else None
                port = await listener.listen_tcp(
                    host, port, backlog=core.net_backlog, share_port=core.net_share_port, tls=tls
                )
            else:
                await listener.listen_unix(options.path, options.unix_perm, backlog=core.net_backlog)
        else:
            datagrams = self._listener = DatagramListener(self._datagram, self.log.warn)
            if options.mode == "udp":
                port = await datagrams.listen_udp(host, port, options.receive_buffer_size)
            else:
                await datagrams.listen_unix(options.path, options.unix_perm, options.receive_buffer_size)
        where = f"unix://{options.path}" if options.mode.startswith("unix") else f"{host}:{port}"
        self.log.info(f"listening on {where} ({options.mode})")

    async def stop(self) -> None:
        """See Input."""
        await self._listener.close()

    def added(self, peer: str) -> dict[str, str]:
        """The fields that every record of a sender gets."""
        key = self.options.source_address_key
        return {key: peer} if key else {}

    def _open(self, peer: str) -> _Session:
        machine = framing(self.options.format, self.options.buffer_max_size)
        raw_key = self.options.raw_message_key
        return _Session(machine, self._intake, self._codec, self._tag, self.added(peer), raw_key, self._cut_off)

    def _is_standard(self, name: str) -> bool:
        """Whether the built-in recognition does what the parser of that name would do."""
        own = self.context.library.own_options(name)
        return name.lower() in NAMES if own is None else is_standard(own)

    def _cut_off(self, count: int) -> None:
        self._intake.lost(self._tag, count, "end of a message longer than Buffer_Max_Size")
        self.log.warn(f"a message was cut to {self.options.buffer_max_size} bytes; fix: raise Buffer_Max_Size")

    def _datagram(self, data: bytes, peer: str) -> None:
        message = data.rstrip(b"\r\n\0")
        if not message:
            return
        if self._intake.full:
            self._intake.lost(self._tag, 1, "datagram came while Mem_Buf_Limit was reached")
            return
        limit = self.options.buffer_max_size
        if len(message) > limit:
            self._cut_off(1)
        raw = piece(time.time_ns(), self.added(peer), self.options.raw_message_key, [message[:limit]])
        self._intake.append(self._tag, self._codec, raw, 1)


class _Session:
    """One stream connection."""

    def __init__(
        self,
        machine: Framing,
        intake: Intake,
        codec: str,
        tag: str,
        added: dict[str, str],
        raw_key: str,
        cut_off: Callable[[int], None],
    ) -> None:
        self._cut_off = cut_off
        self._machine = machine
        self._intake = intake
        self._codec = codec
        self._tag = tag
        self._added = added
        self._raw_key = raw_key
        self._cut = 0
        self._unfinished = Unfinished(intake)

    def greeting(self) -> bytes:
        return b""

    def feed(self, data: bytes) -> Answer:
        machine = self._machine
        if isinstance(machine, NewlineFraming):
            whole, count = machine.feed_lines(data)
            self._append(whole, count)
        else:
            messages = machine.feed(data)
            self._append(messages, len(messages))
        if machine.error:
            self._intake.lost(self._tag, 1, "broken framing")
            return Answer(close=machine.error)
        return Answer(close="" if self._unfinished.now(machine.waiting) else Unfinished.REASON)

    def end(self) -> None:
        rest = self._machine.end()
        self._append(rest, len(rest))
        self._unfinished.now(0)

    def _append(self, payload: bytes | list[bytes], count: int) -> None:
        if self._machine.cut > self._cut:
            self._cut_off(self._machine.cut - self._cut)
            self._cut = self._machine.cut
        if count:
            raw = piece(time.time_ns(), self._added, self._raw_key, payload)
            self._intake.append(self._tag, self._codec, raw, count)
