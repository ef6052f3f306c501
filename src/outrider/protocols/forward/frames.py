"""The sending side: batches as Forward frames."""

from __future__ import annotations

import hashlib
from typing import Any

from outrider.formats import compress, msgpack
from outrider.model.batch import Batch


def entries(batch: Batch, *, integer_times: bool, with_metadata: bool) -> bytes:
    """``[time, record]`` entries one after another; with metadata ``[[time, metadata], record]``."""
    records = msgpack.encode_each(batch.records)
    if integer_times:
        times = msgpack.encode_each([time // msgpack.NANOSECONDS for time in batch.times])
    else:
        times = msgpack.event_times(batch.times)
    if not with_metadata:
        return b"".join([b"\x92%b%b" % entry for entry in zip(times, records, strict=True)])
    if batch.metadata is None:
        return b"".join([b"\x92\x92%b\x80%b" % entry for entry in zip(times, records, strict=True)])
    metadata = msgpack.encode_each(batch.metadata)
    return b"".join([b"\x92\x92%b%b%b" % entry for entry in zip(times, metadata, records, strict=True)])


def packed_frame(tag: str, packed: bytes, count: int, extra: dict[str, Any], *, gzip: bool, chunk: str) -> bytes:
    """A PackedForward frame, compressed or not; ``chunk`` asks for an acknowledgement where it is not empty."""
    option: dict[str, Any] = {"size": count, "fluent_signal": 0, **extra}
    if chunk:
        option["chunk"] = chunk
    if gzip:
        option["compressed"] = "gzip"
        packed = compress.gzip(packed)
    return msgpack.encode([tag, packed, option])


def chunk_id(data: bytes) -> str:
    """An id that stays the same when the same records are sent again."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
