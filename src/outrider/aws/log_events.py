"""Records to bodies of PutLogEvents. Pure.

A body holds up to 1,048,576 bytes, counted as its text with 76 bytes for what stands around the names, and up to 10,000
events in the order of their times within less than 24 hours. An event's text holds up to 1,000,000 bytes as it stands
in the body. Source: Fluent Bit 5.1.1, ``plugins/out_cloudwatch_logs/cloudwatch_api.c``; AWS's limits of PutLogEvents.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import msgspec

from outrider.formats import json
from outrider.model.batch import Record

BODY_MAX: Final = 1_048_576
EVENTS_MAX: Final = 10_000
EVENT_MAX: Final = 1_000_000
SPAN_MS: Final = 24 * 3600 * 1000
AROUND: Final = 76
WRITTEN: Final = 40
"""Bytes around an event's text, with a time of today; COUNTED is what Fluent Bit counts for them and a comma."""
COUNTED: Final = 42
BLOCK: Final = 128
"""Records that are encoded at a time: their texts stay in the processor's cache."""

Texts = Callable[[Sequence[Record]], list[str]]
"""Records to the texts of their events."""

_encoder: Final = msgspec.json.Encoder()
_COMMA: Final = ord(",")


class Event(msgspec.Struct, gc=False):
    """One event; ``timestamp`` in milliseconds."""

    timestamp: int
    message: str


@dataclass(frozen=True, slots=True)
class Body:
    """A body for the records from ``start`` up to ``end``."""

    data: bytearray
    start: int
    end: int


def whole_records(*, escape_unicode: bool) -> Texts:
    """Each record as JSON."""

    def texts(records: Sequence[Record]) -> list[str]:
        lines = json.encode_lines((), records, None, escape_unicode=escape_unicode)
        return lines.decode().split("\n")[:-1]

    return texts


def one_key(key: str) -> Texts:
    """The value of a key that every record has: text as it is, all else as JSON."""

    def texts(records: Sequence[Record]) -> list[str]:
        return [text_of(record[key]) for record in records]

    return texts


def text_of(value: object) -> str:
    """A value as the text of an event; bytes that are no UTF-8 as U+E0xx."""
    if type(value) is str and value.isascii():
        return value
    encoded = json.encode(value, escape_unicode=False)
    return str(msgspec.json.decode(encoded)) if isinstance(value, str | bytes) else encoded.decode()


def wanted(records: Sequence[Record], log_key: str, dropped: Counter[str]) -> list[int]:
    """The places of the records that make an event; the others are counted by reason."""
    if not log_key:
        if all(records):
            return list(range(len(records)))
        found = list(range(len(records)))
        chosen = [at for at in found if records[at]]
    else:
        found = [at for at, record in enumerate(records) if log_key in record]
        if len(found) < len(records):
            dropped[f"log_key '{log_key}' is not in the record"] += len(records) - len(found)
        chosen = [at for at in found if records[at][log_key] != ""]
    if len(chosen) < len(found):
        dropped["empty message"] += len(found) - len(chosen)
    return chosen


def bodies(
    group: str, stream: str, times: Sequence[int], records: Sequence[Record], texts: Texts, longest: Longest
) -> Iterator[Body]:
    """As few bodies as the limits allow, one after another; ``times`` are milliseconds, sorted."""
    names = _encoder.encode({"logGroupName": group, "logStreamName": stream, "logEvents": []})[:-2]
    room = BODY_MAX - AROUND - len(_encoder.encode(group)) - len(_encoder.encode(stream)) + 4
    room = max(room, EVENT_MAX + AROUND)  # names that AWS would refuse anyway
    start, waiting = 0, list[Event]()
    position = 0
    while position < len(times):
        data = bytearray(names)
        end = min(bisect_left(times, times[position] + SPAN_MS, position), position + EVENTS_MAX)
        left = room
        while position < end:
            if not waiting:
                stop = min(position + BLOCK, end)
                waiting = list(map(Event, times[position:stop], texts(records[position:stop])))
            taken = waiting[: end - position]
            at = len(data) - 1  # the bracket that opens or ends the list so far
            _encoder.encode_into(taken, data, at)
            grown = len(data) - at - 1
            if grown > longest.size or grown + len(taken) > left:
                del data[at:]
                data += b"]"
                taken = _fitting(taken, left, longest.cut)
                if not taken:
                    break
                _encoder.encode_into(taken, data, at)
                grown = len(data) - at - 1
            if position > start:
                data[at] = _COMMA
            left -= grown + len(taken)
            position += len(taken)
            waiting = waiting[len(taken) :]
        data += b"}"
        yield Body(data, start, position)
        start = position


def _fitting(events: list[Event], left: int, cut: Callable[[str], str]) -> list[Event]:
    """The first ones that fit into so many bytes; too long texts are cut in place."""
    for event in events:
        event.message = cut(event.message)
    sizes = accumulate([len(_encoder.encode(event)) + COUNTED - WRITTEN for event in events])
    return events[: bisect_right(list(sizes), left)]


def cut_to_limit(text: str) -> str:
    """The beginning that stays within EVENT_MAX as it stands in a body, no escape or character torn."""
    if len(text) <= EVENT_MAX // 6:
        return text
    escaped = _encoder.encode(text)[1:-1]
    if len(escaped) <= EVENT_MAX:
        return text
    kept = escaped[:EVENT_MAX]
    at = kept.rfind(b"\\", EVENT_MAX - 6)
    backslashes = at + 1 - len(kept[: at + 1].rstrip(b"\\"))
    length = 6 if kept[at + 1 : at + 2] == b"u" else 2
    if backslashes % 2 and at + length > EVENT_MAX:
        kept = kept[:at]
    kept = kept.decode("utf-8", "ignore").encode()
    return str(msgspec.json.decode(b'"%b"' % kept))


@dataclass(frozen=True, slots=True)
class Longest:
    """A text of more than ``size`` bytes may be too long; ``cut`` gives one that is not, and others as they are."""

    size: int
    cut: Callable[[str], str]


LONGEST: Final = Longest(EVENT_MAX, cut_to_limit)


def in_order(times: Sequence[int]) -> list[int] | None:
    """The places of times from the oldest on; None: they stand so already."""
    if all(map(int.__le__, times, times[1:])):
        return None
    return sorted(range(len(times)), key=times.__getitem__)
