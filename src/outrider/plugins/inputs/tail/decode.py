"""Lines of a file to batches. Pure.

A piece is the length of a head (4 bytes, big-endian), the head, and whole lines as they stand in the file. The head is
the msgpack of ``[read_ns, key, path_key, path, offset_key, offset, skip_empty, parser]``; what is not wanted is empty.
Lines are parsed here, when a chunk is decoded, so that what waits in memory and on disk is no larger than the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from outrider.formats import msgpack
from outrider.model.batch import Batch, Record

if TYPE_CHECKING:
    from outrider.formats.parser import Parser

CODEC: Final = "tail/lines"


class Head(NamedTuple):
    """What the lines of a piece have in common; ``offset`` is the position of the first in the file."""

    read_ns: int
    key: str
    path_key: str
    path: str
    offset_key: str
    offset: int
    skip_empty: bool
    parser: str = ""


def piece(head: Head, body: bytes) -> bytes:
    """The raw form of whole lines."""
    packed = msgpack.encode(list(head))
    return b"".join((len(packed).to_bytes(4, "big"), packed, body))


def opened(raw: bytes) -> tuple[Head, bytes]:
    """Head and lines of a piece. Raises MalformedError."""
    start = 4 + int.from_bytes(raw[:4], "big")
    head = msgpack.decode(raw[4:start])
    if not isinstance(head, list) or len(head) != len(Head._fields):
        raise msgpack.MalformedError("not lines of a file")
    return Head(*head), raw[start:]


def decode(
    tag: str, pieces: Sequence[bytes], count: int, parser_of: Callable[[str], Parser | None] = lambda name: None
) -> Batch:
    """One record a line. ``parser_of`` gives the parser of a name, None where there is none any more."""
    batch = Batch(tag, [], [])
    for raw in pieces:
        head, body = opened(raw)
        parser = parser_of(head.parser) if head.parser else None
        if parser is not None:
            times, found = parsed(head, body, parser)
            batch.times += times
        else:
            found = records(head, body)
            batch.times += [head.read_ns] * len(found)
        batch.records += found
    return batch


def parsed(head: Head, body: bytes, parser: Parser) -> tuple[list[int], list[Record]]:
    """Times and records of whole lines; a line that cannot be parsed is a record as without a parser."""
    texts = lines_of(body)
    offsets = offsets_of(head, body) if head.offset_key else []
    if head.skip_empty:
        chosen = [index for index, text in enumerate(texts) if text]
        texts = [texts[index] for index in chosen]
        offsets = [offsets[index] for index in chosen] if offsets else []
    stamps, found = parser.parse_many(texts)
    times = [stamp or head.read_ns for stamp in stamps]
    key = head.key
    fields = [{key: text} if record is None else record for text, record in zip(texts, found, strict=True)]
    for index, record in enumerate(fields) if head.path_key or offsets else ():
        added: Record = {head.offset_key: offsets[index]} if offsets else {}
        if head.path_key:
            added[head.path_key] = head.path
        if found[index] is None:  # Fluent Bit has the two the other way round then
            added = dict(reversed(added.items()))
        fields[index] = {**added, **record}
    return times, fields


def records(head: Head, body: bytes) -> list[Record]:
    """The records of whole lines."""
    key = head.key
    texts = lines_of(body)
    if not head.skip_empty and not head.path_key and not head.offset_key:
        return [{key: text} for text in texts]
    path = {head.path_key: head.path} if head.path_key else {}
    found: list[Record]
    if head.offset_key:
        places = offsets_of(head, body)
        found = [{**path, head.offset_key: at, key: text} for at, text in zip(places, texts, strict=True)]
    else:
        found = [{**path, key: text} for text in texts]
    if head.skip_empty:
        found = [record for record in found if record[key]]
    return found


def lines_of(body: bytes) -> list[str]:
    """The lines as text, without their ends; a carriage return alone in its line stays."""
    texts = body.decode("utf-8", "surrogateescape").split("\n")
    texts.pop()
    if b"\r\n" in body:
        return [text[:-1] if len(text) > 1 and text[-1] == "\r" else text for text in texts]
    return texts


def offsets_of(head: Head, body: bytes) -> list[int]:
    """Where each line begins in the file."""
    widths = [len(line) + 1 for line in body.split(b"\n")]
    return list(accumulate(widths[:-2], initial=head.offset))
