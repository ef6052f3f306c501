"""Syslog: framing, messages, records."""

from __future__ import annotations

from typing import Final, Literal

from fuzz.target import pieces, steered, target
from outrider.plugins.inputs.syslog import decode
from outrider.protocols.syslog import framing, parse, records

NOW: Final = 1_700_000_000_123_456_789
_KINDS: Final[tuple[Literal["newline", "octet_counting", "auto"], ...]] = ("newline", "octet_counting", "auto")
_LINES: Final = (
    b'<34>1 2003-10-11T22:14:15.003Z host app 123 ID47 [x@1 a="b\\"c" d="e"][y] \xef\xbb\xbfmessage\n',
    b"<13>Oct 11 22:14:15 host app[123]: message\n<13>Feb 29 22:14:15 2024 UTC host app: x\n",
    b"<189>45: host: *Mar  1 18:46:11.123 CET: %SYS-5-CONFIG: text\n",
    b"<14>2026-11-21T09:30:00.5+01:00 host app: \xff\xfe\r\n\n1 1700000000.5 x\n",
    b"no syslog at all\n<999>x\n<1>",
)


@target("syslog.framing", *[b"\x07" + line for line in _LINES], b"\x08" + b"5 hello7 <1>a: b3 c\nd", weight=30)
def frames(data: bytes) -> None:
    """Messages in a stream; pieces of any size give the same messages."""
    steer, stream = steered(data)
    kind, limit = _KINDS[steer % 3], 1 + (steer >> 4) * 5
    found = []
    for size in (len(stream), 1 + (steer >> 2) % 8):
        machine = framing.framing(kind, limit)
        messages = [message for piece in pieces(stream, size) for message in machine.feed(piece)]
        assert machine.waiting <= limit + 16
        messages += machine.end()
        assert all(len(message) <= limit for message in messages)
        found.append((messages, machine.cut, machine.skipped if not machine.error else 0, bool(machine.error)))
    assert found[0] == found[1]


@target("syslog.parse", *_LINES, weight=40)
def message(data: bytes) -> None:
    """One message: nothing is refused, and its parts are in the line."""
    found = parse.parse(data, NOW)
    records.record(found)
    assert found.priority is None or 0 <= found.priority <= 191


@target("syslog.records", *_LINES, weight=40)
def lines(data: bytes) -> None:
    """Whole lines to records, as many as are counted; each the same as its line alone."""
    whole, count, _ = framing.complete(data)
    times, found = records.records(whole, NOW)
    assert len(times) == len(found) == count
    alone = [parse.parse(line, NOW) for line in framing.messages(whole)]
    assert times == [one.time for one in alone]
    assert found == [records.record(one) for one in alone]


@target("syslog.decode", *_LINES)
def pieces_of_chunks(data: bytes) -> None:
    """The raw form that waits in chunks."""
    whole, count, _ = framing.complete(data)
    batch = decode.decode("tag", [decode.piece(NOW, {"peer": "x"}, "raw", whole)], count)
    assert len(batch) == count
