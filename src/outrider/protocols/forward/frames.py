"""The sending side: batches as Forward frames."""

from __future__ import annotations

import hashlib
from typing import Any

from outrider.formats import compress, msgpack
from outrider.model.batch import Batch


def entries(batch: Batch, *, integer_times: bool, with_metadata: bool) -> bytes:
    """``[time, record]`` entries one after another; with metadata ``[[time, metadata], record]``."""
    times: list[Any]
    if integer_times:
        times = [time // msgpack.NANOSECONDS for time in batch.times]
    else:
        times = [msgpack.event_time(time) for time in batch.times]
    if with_metadata:
        metadata = batch.metadata or [{}] * len(batch)
        times = [[time, meta] for time, meta in zip(times, metadata, strict=True)]
    return b"".join(msgpack.encode([time, record]) for time, record in zip(times, batch.records, strict=True))


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
