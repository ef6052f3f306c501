"""Raw Forward blocks to batches. Records that are not what their block claimed are left out; the engine counts them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from outrider.formats import msgpack
from outrider.model.batch import Batch, Record

_first, _second, _third = itemgetter(0), itemgetter(1), itemgetter(2)
_MAPS: Final = {dict}


def decode_messages(tag: str, pieces: Sequence[bytes], count: int) -> Batch:
    """``[tag, time, record, option?]`` arrays; an option may hold the record's metadata."""
    messages = msgpack.decode_values(pieces, count)
    try:
        times = msgpack.nanoseconds_all(list(map(_second, messages)))
        records = list(map(_third, messages))
        # One block has one tag (which Tag and Tag_Prefix may have changed): a message with another was smuggled in.
        sound = set(map(type, records)) <= _MAPS and len(set(map(_first, messages))) == 1
    except (msgpack.MalformedError, LookupError, TypeError):
        sound = False
    if not sound:
        whole = [m for m in messages if isinstance(m, list) and len(m) >= 3]
        good = [m for m in whole if m[0] == whole[0][0]]
        return _batch_of(tag, [[message[1], message[2]] for message in good])
    batch = Batch(tag, times, records)
    if any(message[3] for message in messages if len(message) > 3):
        metadata = list(map(_metadata, messages))
        batch.metadata = metadata if any(metadata) else None
    return batch


def decode_entries(tag: str, pieces: Sequence[bytes], count: int) -> Batch:
    """``[time, record]`` or ``[[time, metadata], record]`` arrays."""
    entries = msgpack.decode_values(pieces, count)
    try:
        times = msgpack.nanoseconds_all(list(map(_first, entries)))
        records = list(map(_second, entries))
        if set(map(type, records)) <= _MAPS:
            return Batch(tag, times, records)
    except (msgpack.MalformedError, LookupError, TypeError):
        pass  # some entry is of the other form, or malformed
    return _batch_of(tag, entries)


def _batch_of(tag: str, entries: list[Any]) -> Batch:
    times, records, metadata, _ = msgpack.split_events(entries)
    return Batch(tag, times, records, metadata)


def _metadata(message: list[Any]) -> Record:
    option = message[3] if len(message) > 3 else None
    found = option.get("metadata") if isinstance(option, dict) else None
    return found if isinstance(found, dict) else {}
