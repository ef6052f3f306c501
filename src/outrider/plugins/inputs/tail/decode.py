"""Lines of a file to batches. Pure.

A piece is the length of a head (4 bytes, big-endian), the head, and whole lines as they stand in the file. The head is
the msgpack of ``[read_ns, key, path_key, path, offset_key, offset, skip_empty]``; keys that are not wanted are empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

from outrider.formats import msgpack
from outrider.model.batch import Batch, Record

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


def decode(tag: str, pieces: Sequence[bytes], count: int) -> Batch:
    """One record a line."""
    batch = Batch(tag, [], [])
    for raw in pieces:
        head, body = opened(raw)
        found = records(head, body)
        batch.times += [head.read_ns] * len(found)
        batch.records += found
    return batch


def records(head: Head, body: bytes) -> list[Record]:
    """The records of whole lines."""
    key = head.key
    texts = lines_of(body)
    if not head.skip_empty and not head.path_key and not head.offset_key:
        return [{key: text} for text in texts]
    added = [added_to(head, offset) for offset in offsets_of(head, body)] if head.offset_key else None
    path = {head.path_key: head.path} if head.path_key else {}
    found: list[Record]
    if added is None:
        found = [{**path, key: text} for text in texts]
    else:
        found = [{**fields, key: text} for fields, text in zip(added, texts, strict=True)]
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


def added_to(head: Head, offset: int) -> dict[str, Any]:
    """The fields beside the line."""
    added: dict[str, Any] = {}
    if head.path_key:
        added[head.path_key] = head.path
    if head.offset_key:
        added[head.offset_key] = offset
    return added
