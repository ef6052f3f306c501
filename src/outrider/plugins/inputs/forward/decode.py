"""Raw Forward blocks to batches."""

from __future__ import annotations

from collections.abc import Sequence

from outrider.formats import msgpack
from outrider.model.batch import Batch


def decode_messages(tag: str, pieces: Sequence[bytes], count: int) -> Batch:
    """``[tag, time, record, option?]`` arrays; an option may hold the record's metadata."""
    messages = msgpack.decode_values(pieces, count)
    try:
        times = msgpack.nanoseconds_all([message[1] for message in messages])
    except msgpack.MalformedError:
        entries = [[message[1], message[2]] for message in messages]
        good_times, good_records, _, _ = msgpack.split_events(entries)
        return Batch(tag, good_times, good_records)
    batch = Batch(tag, times, [message[2] for message in messages])
    if b"metadata" in b"".join(pieces):
        metadata = [_metadata(message) for message in messages]
        batch.metadata = metadata if any(metadata) else None
    return batch


def _metadata(message: list[object]) -> dict[str, object]:
    option = message[3] if len(message) > 3 else None
    found = option.get("metadata") if isinstance(option, dict) else None
    return found if isinstance(found, dict) else {}


def decode_entries(tag: str, pieces: Sequence[bytes], count: int) -> Batch:
    """``[time, record]`` or ``[[time, metadata], record]`` arrays."""
    entries = msgpack.decode_values(pieces, count)
    try:
        times = msgpack.nanoseconds_all([entry[0] for entry in entries])
    except msgpack.MalformedError:
        good_times, records, metadata, _ = msgpack.split_events(entries)
        return Batch(tag, good_times, records, metadata)
    return Batch(tag, times, [entry[1] for entry in entries])
