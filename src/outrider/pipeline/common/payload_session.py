"""Inputs whose payload is JSON values or lines: what a connection's bytes, or a datagram, become."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final, Literal

from outrider.formats.parser import Parser
from outrider.formats.split import JsonValues, Lines, TooLongError, records_of, unescape
from outrider.model.errors import UserError
from outrider.net.listen import Answer
from outrider.pipeline.plugin import Intake

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

    def __init__(self, payload: Payload, intake: Intake, peer: str) -> None:
        self._payload = payload
        self._splitter = payload.splitter()
        self._intake = intake
        self._peer = peer

    def greeting(self) -> bytes:
        """Nothing."""
        return b""

    def feed(self, data: bytes) -> Answer:
        """Bytes came."""
        try:
            values = self._splitter.feed(data)
        except TooLongError as error:
            self._payload.hand_in(self._intake, error.values, self._peer)
            self._intake.lost(self._payload.tag, 1, NO_RECORD)
            return Answer(close=str(error))
        self._payload.hand_in(self._intake, values, self._peer)
        return Answer()

    def end(self) -> None:
        """The connection is closed."""
        if self._splitter.waiting:
            self._intake.lost(self._payload.tag, 1, "connection closed inside a record")


def take_datagram(payload: Payload, intake: Intake, data: bytes, peer: str) -> str:
    """Hand in what one datagram holds; its end ends the last record. Returns what was wrong with it, or nothing."""
    if intake.full:
        intake.lost(payload.tag, 1, "datagram came while Mem_Buf_Limit was reached")
        return ""
    splitter = payload.splitter()
    trouble = ""
    try:
        values = splitter.feed(data)
        if splitter.waiting:
            values += splitter.feed(b" " if payload.is_json else payload.separator)
            trouble = "not JSON" if splitter.waiting else ""
    except TooLongError as error:
        values, trouble = error.values, str(error)
    if trouble:
        intake.lost(payload.tag, 1, NO_RECORD)
    payload.hand_in(intake, values, peer)
    return trouble
