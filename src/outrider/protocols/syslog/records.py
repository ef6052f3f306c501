"""Whole lines to records, with the members that Fluent Bit's syslog parsers name: what the syslog input hands on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from outrider.formats.stamps import MONTHS
from outrider.model.batch import Record
from outrider.protocols.syslog import dates
from outrider.protocols.syslog.framing import messages
from outrider.protocols.syslog.parse import SyslogMessage, parse_text

_HEADS_MAX: Final = 4096
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
    heads: dict[str, tuple[int, str, str, str, str] | None] = {}
    for line in lines:
        end = line.find("]: ")
        head = line[:end] if end > 0 else ""
        try:
            known = heads[head]
        except KeyError:
            known = _head(head, received_ns, stamps)
            if len(heads) < _HEADS_MAX:
                heads[head] = known
        if known is None:
            message = parse_text(line, received_ns)
            times.append(message.time)
            found.append(record(message))
        else:
            time, pri, host, ident, pid = known
            times.append(time)
            found.append({"pri": pri, "host": host, "ident": ident, "pid": pid, "message": line[end + 3 :]})
    return times, found


def _head(head: str, received_ns: int, stamps: dict[str, int | None]) -> tuple[int, str, str, str, str] | None:
    """Time, priority, host, program and process id; None where only the whole line can tell. ``stamps`` remembers."""
    match = _HEAD.fullmatch(head)
    if match is None:
        return None
    pri, stamp, name, host, ident, pid = match.groups()
    if stamp not in stamps:
        if len(stamps) >= _STAMPS_MAX:
            stamps.clear()
        readings = dates.find(stamp, 0, received_ns)
        stamps[stamp] = readings[0].ns if readings else None
    time = stamps[stamp]
    return None if time is None or not _is_clear(name, host, ident, pid) else (time, pri, host, ident, pid)


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
