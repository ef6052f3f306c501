"""Inputs whose payload is JSON values or lines: what a connection's bytes, or a datagram, become."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from outrider.formats.parser import Parser
from outrider.formats.split import JsonValues, Lines, TooLongError, records_of, unescape
from outrider.model.errors import UserError
from outrider.net.listen import Answer
from outrider.pipeline.plugin import Intake, Unfinished

_KB: Final = 1024
NO_RECORD: Final = "record too large or not JSON"


@dataclass(frozen=True, slots=True)
class Payload:
    """How records stand in the bytes, under which tag they are handed in, and what the sender's address is called."""

    tag: str
    is_json: bool
    separator: bytes
    limit: int
    """Bytes of a record."""
    parser: Parser | None = None
    address_key: str = ""

    @classmethod
    def of(
        cls,
        tag: str,
        form: Literal["json", "none"],
        separator: str,
        sizes: tuple[str, str],
        parser: Parser | None = None,
        address_key: str = "",
    ) -> Payload:
        """From options; ``sizes`` are buffer_size and chunk_size. Raises UserError."""
        try:
            limit = int(sizes[0] or sizes[1]) * _KB
        except ValueError as error:
            raise UserError(f"chunk_size and buffer_size are numbers of KB: {error}") from error
        if limit < 1:
            raise UserError("chunk_size and buffer_size must be at least 1")
        try:
            return cls(tag, form == "json" and parser is None, unescape(separator), limit, parser, address_key)
        except ValueError as error:
            raise UserError(str(error)) from error

    def splitter(self) -> JsonValues | Lines:
        """A machine for one stream of bytes."""
        return JsonValues(self.limit) if self.is_json else Lines(self.separator, self.limit)

    def read(self, splitter: JsonValues | Lines, data: bytes) -> tuple[list[Any], int, str]:
        """The values, how many others were none and are skipped, and why nothing more can be read, or nothing."""
        try:
            values, trouble = splitter.feed(data), ""
        except TooLongError as error:
            values, trouble = error.values, str(error)
        return values, splitter.garbage if isinstance(splitter, JsonValues) else 0, trouble

    def hand_in(self, intake: Intake, values: list[Any], peer: str) -> None:
        """Accept what a machine has found."""
        if not values:
            return
        times, records = records_of(values, time.time_ns(), self.parser)
        if self.address_key:
            for record in records:
                record[self.address_key] = peer
        intake.append_records(self.tag, times, records)


class PayloadSession:
    """One stream connection; see ``outrider.net.listen.Session``."""

    def __init__(self, payload: Payload, intake: Intake, peer: str, warn: Callable[[str], None]) -> None:
        self._payload = payload
        self._splitter = payload.splitter()
        self._intake = intake
        self._peer = peer
        self._warn = warn
        self._unfinished = Unfinished(intake)

    def greeting(self) -> bytes:
        """Nothing."""
        return b""

    def feed(self, data: bytes) -> Answer:
        """Bytes came. What is no JSON is skipped, and the connection stays; one that is too large ends it."""
        values, garbage, trouble = self._payload.read(self._splitter, data)
        self._payload.hand_in(self._intake, values, self._peer)
        if garbage:
            self._intake.lost(self._payload.tag, garbage, NO_RECORD)
            self._warn(f"invalid JSON message from {self._peer or 'a sender'}, skipped to the next line")
        if trouble:
            self._intake.lost(self._payload.tag, 1, NO_RECORD)
            return Answer(close=trouble)
        return Answer(close="" if self._unfinished.now(self._splitter.waiting) else Unfinished.REASON)

    def end(self) -> None:
        """The connection is closed."""
        if self._splitter.waiting:
            self._intake.lost(self._payload.tag, 1, "connection closed inside a record")
        self._unfinished.now(0)


def take_datagram(payload: Payload, intake: Intake, data: bytes, peer: str) -> str:
    """Hand in what one datagram holds; its end ends the last record. Returns what was wrong with it, or nothing."""
    if intake.full:
        intake.lost(payload.tag, 1, "datagram came while Mem_Buf_Limit was reached")
        return ""
    splitter = payload.splitter()
    values, lost, trouble = payload.read(splitter, data)
    if splitter.waiting and not trouble:
        more, garbage, trouble = payload.read(splitter, b"\n" if payload.is_json else payload.separator)
        values += more
        lost += garbage + (splitter.waiting > 0)
    lost += bool(trouble)
    if lost:
        intake.lost(payload.tag, lost, NO_RECORD)
        trouble = trouble or "not JSON"
    payload.hand_in(intake, values, peer)
    return trouble
