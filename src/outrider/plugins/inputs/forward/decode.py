"""Raw Forward blocks to batches. Records that are not what their block claimed are left out; the engine counts them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from outrider.formats import msgpack
from outrider.model.batch import Batch, Record
from outrider.protocols.forward import layout

_first, _second, _third = itemgetter(0), itemgetter(1), itemgetter(2)
_MAPS: Final = {dict}
_INTEGERS: Final = {int}
_OPTIONS: Final = {dict, type(None)}
_UNSIGNED_64: Final = b"\xcf"
_SECOND: Final = msgpack.NANOSECONDS - (1 << 32)
"""Added for each second to an EventTime read as one number: seconds stand in its upper 32 bits."""


def decode_messages(tag: str, pieces: Sequence[bytes], count: int) -> Batch:
    """``[tag, time, record, option?]`` arrays; an option may hold the record's metadata."""
    batch = _decode_run(tag, pieces, count)
    if batch is not None:
        return batch
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
        metadata = [_metadata(message[3] if len(message) > 3 else None) for message in messages]
        batch.metadata = metadata if any(metadata) else None
    return batch


def _decode_run(tag: str, pieces: Sequence[bytes], count: int) -> Batch | None:
    """Messages that all begin with the same bytes up to the time, as Docker's driver sends them; None for others.

    Without these bytes, and with a header that makes the time a number, times, records and options are the values of
    one flat array: a fifth is saved by the lists, tags and extension objects that are not made.
    """
    head = layout.run_head(pieces[0])
    if not head:
        return None
    flat = [piece.replace(head, _UNSIGNED_64) for piece in pieces]
    if sum(map(len, pieces)) - sum(map(len, flat)) != count * (len(head) - len(_UNSIGNED_64)):
        return None
    width = (head[0] & 0x0F) - 1
    try:
        values = msgpack.decode_values(flat, width * count)
    except msgpack.MalformedError:
        return None
    stamps, records, options = values[::width], values[1::width], values[2::width] if width > 2 else []
    if (
        set(map(type, stamps)) != _INTEGERS
        or set(map(type, records)) != _MAPS
        or not set(map(type, options)) <= _OPTIONS
    ):
        return None  # something stood between the messages, or the same bytes inside one
    batch = Batch(tag, [stamp + (stamp >> 32) * _SECOND for stamp in stamps], records)
    if any(options):
        metadata = list(map(_metadata, options))
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


def _metadata(option: Any) -> Record:
    found = option.get("metadata") if isinstance(option, dict) else None
    return found if isinstance(found, dict) else {}
