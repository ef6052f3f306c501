"""Whole lines to records, with the members that Fluent Bit's syslog parsers name: what the syslog input hands on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from outrider.formats.stamps import MONTHS
from outrider.model.batch import Record
from outrider.protocols.syslog import dates
from outrider.protocols.syslog.framing import messages
from outrider.protocols.syslog.parse import SyslogMessage, parse_text

_HEADS_MAX: Final = 4096
_HEAD_MAX: Final = 600
"""Characters of a head that is worth remembering; those of the shape below have no more."""
_STAMPS_MAX: Final = 4096
_NAMES_MAX: Final = 4096
# The shape that our own router sends, up to the process id: nothing in it can be read in another way.
_HEAD = re.compile(
    rf"<(?P<pri>[1-9]?\d|1[0-8]\d|19[01])>(?P<stamp>(?:{'|'.join(MONTHS)}) [ \d]\d \d\d:\d\d:\d\d) "
    r"(?P<name>(?P<host>[\w.-]{1,255}) (?P<ident>[^\s:\[\]]{1,128})\[(?P<pid>[^\]\s]{1,128}))",
    re.ASCII,
)


def record(message: SyslogMessage) -> Record:
    """``pri``, ``host``, ``ident``, ``pid``, ``msgid``, ``extradata``, ``message``; only what the message has."""
    found: dict[str, Any] = {
        "pri": "" if message.priority is None else str(message.priority),
        "host": message.host,
        "ident": message.app,
        "pid": message.procid,
        "msgid": message.msgid,
        "extradata": message.structured,
    }
    return {**{key: value for key, value in found.items() if value}, "message": message.message}


def records(whole: bytes, received_ns: int) -> tuple[list[int], list[Record]]:
    """Times and records of whole lines, as many as ``framing.complete`` counts in them. Never raises."""
    if b"\r" in whole:
        whole = b"\n".join(messages(whole))
    lines = whole.decode("utf-8", "surrogateescape").split("\n")
    return _records([line for line in lines if line], received_ns)


def records_of(lines: Sequence[bytes], received_ns: int) -> tuple[list[int], list[Record]]:
    """Times and records of messages that may hold line ends themselves. Never raises."""
    return _records([line.decode("utf-8", "surrogateescape") for line in lines], received_ns)


def _records(lines: list[str], received_ns: int) -> tuple[list[int], list[Record]]:
    """Senders repeat themselves: a head that was met before, up to the process id, is not read again."""
    times: list[int] = []
    found: list[Record] = []
    stamps: dict[str, int | None] = {}
    for line in lines:
        head, mark, text = line.partition("]: ")
        known = (_heads.get(head) or _head(head)) if mark else _OTHER
        stamp, members = known
        if stamp not in stamps:
            _read_stamp(stamp, received_ns, stamps)
        time = stamps[stamp]
        if time is None:
            message = parse_text(line, received_ns)
            times.append(message.time)
            found.append(record(message))
        else:
            made = members.copy()  # half the time of a new one with six members
            made["message"] = text
            times.append(time)
            found.append(made)
    return times, found


_Head: TypeAlias = tuple[str, Record]
"""The stamp and the members of a head; an empty stamp where only the whole line can tell."""
_OTHER: Final[_Head] = ("", {})
_heads: dict[str, _Head] = {}


def _head(head: str) -> _Head:
    """What the head of a line says, remembered for the lines to come."""
    match = _HEAD.fullmatch(head)
    known = _OTHER
    if match is not None:
        pri, stamp, name, host, ident, pid = match.groups()
        if _is_clear(name, host, ident, pid):
            known = (stamp, {"pri": pri, "host": host, "ident": ident, "pid": pid, "message": ""})
    if len(head) <= _HEAD_MAX:
        if len(_heads) >= _HEADS_MAX:
            _heads.clear()
        _heads[head] = known
    return known


def _read_stamp(stamp: str, received_ns: int, stamps: dict[str, int | None]) -> None:
    if len(stamps) >= _STAMPS_MAX:
        stamps.clear()
    readings = dates.find(stamp, 0, received_ns) if stamp else None
    stamps[stamp] = readings[0].ns if readings else None


_PROBE: Final = "<0>Jan  1 00:00:00 "
_clear: dict[str, bool] = {}


def _is_clear(name: str, host: str, ident: str, pid: str) -> bool:
    """Whether host and tag cannot be read in another way, such as a host named ``UTC`` or ``2026``."""
    known = _clear.get(name)
    if known is None:
        message = parse_text(f"{_PROBE}{name}]: ", 0)
        known = (message.host, message.app, message.procid, message.message) == (host, ident, pid, "")
        if len(_clear) >= _NAMES_MAX:
            _clear.clear()
        _clear[name] = known
    return known
