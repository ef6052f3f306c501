"""Messages between the server and its store process, over one socket pair: u32 length and msgpack."""

from __future__ import annotations

import struct
from typing import TypeAlias

import msgspec

LENGTH = struct.Struct("<I")


class Advance(msgspec.Struct, tag="advance"):
    """To the child: the ingest log is on disk up to this position."""

    committed: int


class Query(msgspec.Struct, tag="query"):
    """To the child: run this, within its own limits; the answer is lines of JSON arrays."""

    id: int
    sql: str


class Stop(msgspec.Struct, tag="stop"):
    """To the child: store what is committed, close, end."""


class Ready(msgspec.Struct, tag="ready"):
    """From the child: open for queries; the rest as in ``Progress``."""

    stored: int
    gaps: list[tuple[int, int]]
    aside: str


class Progress(msgspec.Struct, tag="progress"):
    """From the child: everything below ``stored`` is in the table, durably, but what lay in the gaps (start, end).
    ``aside`` is what is to be said of batches that were set aside; empty where there are none."""

    stored: int
    gaps: list[tuple[int, int]]
    aside: str


class Trouble(msgspec.Struct, tag="trouble"):
    """From the child: inserts fail for this reason and are tried again; empty when they work again."""

    text: str


class Note(msgspec.Struct, tag="note"):
    """From the child: something that an operator must know."""

    text: str


class Answer(msgspec.Struct, tag="answer"):
    """From the child: the result of a query, or the engine's error with its code (0 where it has none)."""

    id: int
    result: bytes = b""
    error: str = ""
    code: int = 0


ToChild: TypeAlias = Advance | Query | Stop
FromChild: TypeAlias = Ready | Progress | Trouble | Note | Answer

_encoder = msgspec.msgpack.Encoder()
to_child = msgspec.msgpack.Decoder(ToChild)
from_child = msgspec.msgpack.Decoder(FromChild)


def pack(message: ToChild | FromChild) -> bytes:
    """The message with its length in front."""
    body = _encoder.encode(message)
    return LENGTH.pack(len(body)) + body
