"""Raw syslog to batches.

A piece is the msgpack of ``[received_ns, added, raw_key, payload]``: the time of arrival (which resolves stamps without
year and zone), fields to add to each record, the field for the whole line (or an empty string), and whole lines as
bytes or messages as a list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from outrider.formats import msgpack
from outrider.formats.parser import Parser
from outrider.model.batch import Batch, Record
from outrider.protocols.syslog import framing, records

CODEC: Final = "syslog"


def piece(received_ns: int, added: dict[str, str], raw_key: str, payload: bytes | list[bytes]) -> bytes:
    """The raw form of some messages."""
    return msgpack.encode([received_ns, added, raw_key, payload])


def decode(tag: str, pieces: Sequence[bytes], count: int) -> Batch:
    """The records of these pieces; a line that is no syslog is a record with the line as its message."""
    return _decode(tag, pieces, _standard)


def decode_with(parser: Parser) -> Callable[[str, Sequence[bytes], int], Batch]:
    """The same by a parser's definition."""

    def records_by_parser(payload: bytes | list[bytes], received_ns: int) -> tuple[list[int], list[Record]]:
        lines = framing.messages(payload) if isinstance(payload, bytes) else payload
        texts = [line.decode("utf-8", "surrogateescape") for line in lines]
        times, found = parser.parse_many(texts)
        return (
            [time or received_ns for time in times],
            [{"message": text} if record is None else record for text, record in zip(texts, found, strict=True)],
        )

    return lambda tag, pieces, count: _decode(tag, pieces, records_by_parser)


def _standard(payload: bytes | list[bytes], received_ns: int) -> tuple[list[int], list[Record]]:
    if isinstance(payload, bytes):
        return records.records(payload, received_ns)
    return records.records_of(payload, received_ns)


def _decode(
    tag: str,
    pieces: Sequence[bytes],
    read: Callable[[bytes | list[bytes], int], tuple[list[int], list[Record]]],
) -> Batch:
    batch = Batch(tag, [], [])
    for raw in pieces:
        received_ns, added, raw_key, payload = msgpack.decode(raw)
        times, found = read(payload, received_ns)
        if raw_key:
            lines: list[Any] = framing.messages(payload) if isinstance(payload, bytes) else payload
            for record, line in zip(found, lines, strict=True):
                record[raw_key] = line.decode("utf-8", "surrogateescape")
        if added:
            for record in found:
                record.update(added)
        batch.times += times
        batch.records += found
    return batch
