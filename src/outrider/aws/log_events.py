"""Records to bodies of PutLogEvents. Pure.

A body holds up to 1,048,576 bytes, counted as its text with 76 bytes for what stands around the names, and up to 10,000
events in the order of their times within less than 24 hours. An event's text holds up to 1,000,000 bytes as it stands
in the body. Source: Fluent Bit 5.1.1, ``plugins/out_cloudwatch_logs/cloudwatch_api.c``; AWS's limits of PutLogEvents.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, deque
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
BLOCK: Final = 128
"""Records that are encoded at a time: their texts stay in the processor's cache."""

END: Final = "\x7f"
"""Stands after each text where texts are joined: the one control character that JSON strings may hold as it is, and
that Fluent Bit's JSON never holds."""

Texts = Callable[[Sequence[Record]], str | list[str]]
"""Records to the texts of their events, joined where none holds END."""

_encoder: Final = msgspec.json.Encoder()
_EMPTY: Final = ("", b"")
_HEAD: Final = b',{"timestamp":'


@dataclass(slots=True)
class Events:
    """Events of one stream as they stand in a body, a comma before each.

    ``times`` are milliseconds, ``places`` those of the records in their batch; ``blocks`` hold the events in the same
    order, each with the number of them.
    """

    places: list[int]
    times: list[int]
    blocks: list[tuple[bytes, int]]

    def add(self, other: Events, start: int) -> None:
        """Those of a later part of the same chunk, which begins at the record ``start``."""
        self.places += [start + place for place in other.places] if start else other.places
        self.times += other.times
        self.blocks += other.blocks

    def sort(self) -> None:
        """By time, and otherwise as they came."""
        order = in_order(self.times)
        if order is None:
            return
        events = [event for block, _ in self.blocks for event in _split(block)]
        self.places = [self.places[at] for at in order]
        self.times = [self.times[at] for at in order]
        runs = [order[start : start + BLOCK] for start in range(0, len(order), BLOCK)]
        self.blocks = [(b"".join([events[at] for at in run]), len(run)) for run in runs]


@dataclass(frozen=True, slots=True)
class Body:
    """A body, in pieces, for the events from ``start`` up to ``end``."""

    data: list[bytes]
    start: int
    end: int


def whole_records(*, escape_unicode: bool) -> Texts:
    """Each record as JSON."""

    def texts(records: Sequence[Record]) -> str:
        lines = json.encode_lines((), records, None, escape_unicode=escape_unicode)
        return lines.replace(b"\n", b"\x7f").decode()

    return texts


def one_key(key: str) -> Texts:
    """The value of a key that every record has: text as it is, all else as JSON."""

    def texts(records: Sequence[Record]) -> str | list[str]:
        found = [text_of(record[key]) for record in records]
        joined = END.join([*found, ""])
        return joined if joined.count(END) == len(found) else found

    return texts


def text_of(value: object) -> str:
    """A value as the text of an event; bytes that are no UTF-8 as U+E0xx."""
    if type(value) is str and value.isascii():
        return value
    encoded = json.encode(value, escape_unicode=False)
    return str(msgspec.json.decode(encoded)) if isinstance(value, str | bytes) else encoded.decode()


def wanted(records: Sequence[Record], log_key: str, dropped: Counter[str]) -> Sequence[int]:
    """The places of the records that make an event; the others are counted by reason."""
    found: Sequence[int] = range(len(records))
    if not log_key:
        if all(records):
            return found
        chosen = [at for at in found if records[at]]
    else:
        found = [at for at, record in enumerate(records) if log_key in record]
        if len(found) < len(records):
            dropped[f"log_key '{log_key}' is not in the record"] += len(records) - len(found)
        chosen = [at for at in found if records[at][log_key] not in _EMPTY]
    if len(chosen) < len(found):
        dropped["empty message"] += len(found) - len(chosen)
    return chosen


def events_of(
    places: Sequence[int], times: Sequence[int], records: Sequence[Record], texts: Texts, longest: Longest
) -> Events:
    """The events of the records at these places; ``times`` are nanoseconds."""
    all_of_them = len(places) == len(records)
    stamps = [time // 1_000_000 for time in (times if all_of_them else map(times.__getitem__, places))]
    if stamps and min(stamps) < 0:  # AWS refuses the whole call for one; this one it calls too old
        stamps = [max(stamp, 0) for stamp in stamps]
    chosen = records if all_of_them else [records[at] for at in places]
    blocks = []
    for start in range(0, len(stamps), BLOCK):
        some, now = texts(chosen[start : start + BLOCK]), stamps[start : start + BLOCK]
        block = _events(now, some)
        if len(block) > longest.size:
            each = some.split(END)[:-1] if isinstance(some, str) else some
            block = _events(now, [longest.cut(text) for text in each])
        blocks.append((block, len(now)))
    return Events(list(places), stamps, blocks)


def bodies(group: str, stream: str, events: Events) -> Iterator[Body]:
    """As few bodies as the limits allow, one after another, the oldest events first."""
    events.sort()
    names = _encoder.encode({"logGroupName": group, "logStreamName": stream, "logEvents": []})[:-2]
    room = BODY_MAX - AROUND - len(_encoder.encode(group)) - len(_encoder.encode(stream)) + 4
    room = max(room, EVENT_MAX + AROUND)  # names that AWS would refuse anyway
    times, waiting = events.times, deque(events.blocks)
    position = 0
    while waiting:
        start, data, left = position, [names], room
        end = min(bisect_left(times, times[start] + SPAN_MS, start), start + EVENTS_MAX)
        while waiting:
            block, count = waiting[0]
            if position + count > end or len(block) + count > left:
                pieces = _split(block)
                count = min(_fitting(pieces, left), end - position)
                waiting[0] = b"".join(pieces[count:]), len(pieces) - count
                if count:
                    data.append(b"".join(pieces[:count]))
                    position += count
                break
            waiting.popleft()
            data.append(block)
            left -= len(block) + count
            position += count
        data[1] = data[1][1:]  # the comma
        data.append(b"]}")
        yield Body(data, start, position)


def _events(times: Sequence[int], texts: str | list[str]) -> bytes:
    """Events as they stand in a body, a comma before each."""
    heads = {ms: b',{"timestamp":%d,"message":' % ms for ms in set(times)}
    if isinstance(texts, list):
        return b"".join([b"%b%b}" % (heads[ms], _encoder.encode(text)) for ms, text in zip(times, texts, strict=True)])
    form = bytearray(heads[times[0]])
    _encoder.encode_into(texts, form, -1)
    form[-2:] = b'"}'  # for END and a quotation mark
    made = bytes(form)
    if b"%" in made:
        made = made.replace(b"%", b"%%")
    return made.replace(b"\x7f", b'"}%b"') % tuple([heads[ms] for ms in times[1:]])


def _split(block: bytes) -> list[bytes]:
    """The single events: within texts no quotation mark stands without a backslash."""
    return [_HEAD + event for event in block.split(_HEAD)[1:]]


def _fitting(events: list[bytes], left: int) -> int:
    """How many of the first ones fit into so many bytes, each counted with one to spare."""
    return bisect_right(list(accumulate([len(event) + 1 for event in events])), left)


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
