"""The sending side: batches as Forward frames."""

from __future__ import annotations

import hashlib
from typing import Any

from outrider.formats import compress, msgpack
from outrider.model.batch import Batch


def entries(batch: Batch, *, integer_times: bool, with_metadata: bool) -> memoryview:
    """``[time, record]`` entries one after another; with metadata ``[[time, metadata], record]``."""
    if not integer_times and not (with_metadata and batch.metadata):
        front, behind = (b"\x92\x92", b"\x80") if with_metadata else (b"\x92", b"")
        return msgpack.encode_behind(msgpack.event_times(batch.times, front, behind), batch.records)
    if integer_times:
        times = msgpack.encode_each([time // msgpack.NANOSECONDS for time in batch.times])
    else:
        times = msgpack.event_times(batch.times)
    if not with_metadata:
        return msgpack.encode_behind([b"\x92%b" % time for time in times], batch.records)
    metadata = [b"\x80"] * len(times) if batch.metadata is None else msgpack.encode_each(batch.metadata)
    return msgpack.encode_behind([b"\x92\x92%b%b" % head for head in zip(times, metadata, strict=True)], batch.records)


def packed_frame(
    tag: str, packed: bytes | memoryview, count: int, extra: dict[str, Any], *, gzip: bool, chunk: str
) -> list[bytes | memoryview]:
    """A PackedForward frame in pieces, compressed or not; ``chunk`` asks for an acknowledgement, if it is not empty."""
    option: dict[str, Any] = {"size": count, "fluent_signal": 0, **extra}
    if chunk:
        option["chunk"] = chunk
    if gzip:
        option["compressed"] = "gzip"
        packed = compress.gzip(packed)
    # The entries are not copied: here they are megabytes, and their pages new ones.
    return [b"\x93" + msgpack.encode(tag) + msgpack.binary_header(len(packed)), packed, msgpack.encode(option)]


def chunk_id(data: bytes | memoryview) -> str:
    """An id that stays the same when the same records are sent again."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
