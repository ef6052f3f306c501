"""The forward input: listeners and sessions."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import ClassVar

from outrider.model.errors import UserError
from outrider.net.listen import Answer, StreamListener, UnixAddress
from outrider.net.tls import server_context
from outrider.pipeline.plugin import Bound, Decoder, Input, Intake, Unfinished
from outrider.plugins.inputs.forward import decode
from outrider.plugins.inputs.forward.config import Options
from outrider.protocols.forward.handshake import Secrets
from outrider.protocols.forward.session import Block, ForwardSession, Refuse, Shape

DEFAULT_PORT = 24224


class Forward(Input[Options]):
    """Takes records from Docker's fluentd driver, fluent-logger, Fluentd and Fluent Bit."""

    Options = Options
    shared = True
    codecs: ClassVar[Mapping[str, Decoder]] = {
        Shape.MESSAGES.value: decode.decode_messages,
        Shape.ENTRIES.value: decode.decode_entries,
    }

    def check(self) -> None:
        """See Input."""
        if self.options.security_users and not (self.options.shared_key or self.options.empty_shared_key):
            raise UserError("security.users needs shared_key", fix="set Shared_Key, or Empty_Shared_Key On")
        for user in self.options.security_users:
            if len(user.split()) != 2:
                raise UserError("security.users must be 'NAME PASSWORD'")
        if self.core.tls and self.options.unix_path:
            raise UserError("a unix socket has no TLS", fix="remove tls or unix_path")
        if self.core.tls:
            server_context(self.core)

    def tags(self) -> str:
        """See Input."""
        if self.options.tag_prefix:
            return f"{self.options.tag_prefix}*"
        return self.core.tag or "*"

    def unix_sockets(self) -> list[UnixAddress]:
        """See Input."""
        path = self.options.unix_path
        return [UnixAddress(path, self.options.unix_perm)] if path else []

    def binds(self) -> Bound | None:
        """See Input."""
        if self.options.unix_path:
            return None
        return Bound("tcp", self.core.listen or self.core.host or "0.0.0.0", self.core.port or DEFAULT_PORT)

    async def start(self, intake: Intake) -> None:
        """See Input."""
        self._intake = intake
        self._listener = StreamListener(self._open, self.log.warn, self.log.debug)
        intake.on_room(self._listener.pause, self._listener.resume)
        options, core = self.options, self.core
        if options.unix_path:
            await self._listener.listen_unix(options.unix_path, options.unix_perm, backlog=core.net_backlog)
            self.log.info(f"listening on unix://{options.unix_path}")
            return
        host = core.listen or core.host or "0.0.0.0"
        tls = server_context(core) if core.tls else None
        port = await self._listener.listen_tcp(
            host, core.port or DEFAULT_PORT, backlog=core.net_backlog, share_port=core.net_share_port, tls=tls
        )
        self.log.info(f"listening on {host}:{port}{' with TLS' if tls else ''}")

    async def stop(self) -> None:
        """See Input."""
        await self._listener.close()

    def _open(self, peer: str) -> _Session:
        options = self.options
        secrets = None
        if options.shared_key or options.empty_shared_key:
            users = dict(user.split() for user in options.security_users)
            secrets = Secrets(options.shared_key.encode(), options.self_hostname or socket.gethostname(), users)
        machine = ForwardSession(options.buffer_max_size, secrets, os.urandom(16), os.urandom(16))
        return _Session(machine, self._intake, options.tag_prefix, self.core.tag)


class _Session:
    """One connection: what the machine says, done at once."""

    def __init__(self, machine: ForwardSession, intake: Intake, prefix: str, forced_tag: str) -> None:
        self._machine = machine
        self._intake = intake
        self._prefix = prefix
        self._forced_tag = forced_tag
        self._unfinished = Unfinished(intake)

    def greeting(self) -> bytes:
        return self._machine.greeting()

    def feed(self, data: bytes) -> Answer:
        replies: list[bytes] = []
        refused = ""
        safe = True
        for event in self._machine.feed(data):
            if type(event) is Block:
                tag = self._prefix + event.tag if self._prefix else self._forced_tag or event.tag
                safe = self._intake.append(tag, event.shape.value, event.raw, event.count)
            elif isinstance(event, Refuse):
                refused = event.reason
                self._intake.lost(self._forced_tag or "(refused)", 1, "refused frame")
            elif safe:  # else the sender keeps the records and sends them again
                replies.append(event.data)  # type: ignore[union-attr]
        if not self._unfinished.now(self._machine.waiting):
            refused = Unfinished.REASON
        return Answer(b"".join(replies), refused)

    def end(self) -> None:
        if self._machine.waiting:
            self._intake.lost(self._forced_tag or "(unknown)", 1, "connection closed inside a frame")
        self._unfinished.now(0)
