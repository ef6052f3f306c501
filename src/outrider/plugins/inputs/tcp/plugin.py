"""The tcp input."""

from __future__ import annotations

import time
from typing import Any

from outrider.formats.parser import Parser
from outrider.model.batch import Record
from outrider.model.errors import UserError
from outrider.net.listen import Answer, StreamListener
from outrider.net.tls import server_context
from outrider.pipeline.plugin import Input, Intake
from outrider.plugins.inputs.tcp.config import Options
from outrider.plugins.inputs.tcp.split import JsonValues, Lines, TooLongError, unescape

DEFAULT_PORT = 5170
_KB = 1024


class Tcp(Input[Options]):
    """JSON values or lines over TCP; times are those of arrival."""

    Options = Options
    shared = True
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        try:
            unescape(self.options.separator)
            self._limit = int(self.options.buffer_size or self.options.chunk_size) * _KB
        except ValueError as error:
            raise UserError(f"chunk_size and buffer_size are numbers of KB: {error}") from error
        name = self.options.parser
        self._parser = self.context.library.parser(name) if name else None
        if self.core.tls:
            server_context(self.core)

    async def start(self, intake: Intake) -> None:
        """See Input."""
        self._intake = intake
        self._listener = StreamListener(self._open, self.log.warn)
        intake.on_room(self._listener.pause, self._listener.resume)
        host = self.core.listen or self.core.host or "0.0.0.0"
        tls = server_context(self.core) if self.core.tls else None
        port = await self._listener.listen_tcp(
            host,
            self.core.port or DEFAULT_PORT,
            backlog=self.core.net_backlog,
            share_port=self.core.net_share_port,
            tls=tls,
        )
        self.log.info(f"listening on {host}:{port}")

    async def stop(self) -> None:
        """See Input."""
        await self._listener.close()

    def _open(self, peer: str) -> _Session:
        limit = self._limit
        is_json = self.options.format == "json" and self._parser is None
        splitter = JsonValues(limit) if is_json else Lines(unescape(self.options.separator), limit)
        tag = self.core.tag or self.context.name
        return _Session(splitter, self._intake, tag, self._parser, self.options.source_address_key, peer)


class _Session:
    def __init__(
        self,
        splitter: JsonValues | Lines,
        intake: Intake,
        tag: str,
        parser: Parser | None,
        address_key: str,
        peer: str,
    ) -> None:
        self._parser = parser
        self._splitter = splitter
        self._intake = intake
        self._tag = tag
        self._address_key = address_key
        self._peer = peer

    def greeting(self) -> bytes:
        return b""

    def feed(self, data: bytes) -> Answer:
        try:
            values = self._splitter.feed(data)
        except TooLongError as error:
            self._intake.lost(self._tag, 1, "record too large or not JSON")
            return Answer(close=str(error))
        if values:
            now = time.time_ns()
            times = [now] * len(values)
            records = [self._record(value) for value in values]
            if self._parser is not None:
                read, parsed = self._parser.parse_many([record["log"] for record in records])
                times = [own or now for own in read]
                records = [new if new is not None else old for new, old in zip(parsed, records, strict=True)]
            if self._address_key:
                for record in records:
                    record[self._address_key] = self._peer
            self._intake.append_records(self._tag, times, records)
        return Answer()

    @staticmethod
    def _record(value: Any) -> Record:
        if isinstance(value, bytes):
            return {"log": value.decode("utf-8", "surrogateescape")}
        return value if isinstance(value, dict) else {"msg": value}

    def end(self) -> None:
        if self._splitter.waiting:
            self._intake.lost(self._tag, 1, "connection closed inside a record")
