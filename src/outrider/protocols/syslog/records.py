"""Whole lines to records, with the members that Fluent Bit's syslog parsers name: what the syslog input hands on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from outrider.formats.stamps import MONTHS
from outrider.model.batch import Record
from outrider.protocols.syslog.framing import messages
from outrider.protocols.syslog.parse import SyslogMessage, parse_text

_HEADS_MAX: Final = 4096
# The shape that our own router sends, up to the process id: nothing in it can be read in another way.
_HEAD = re.compile(
    rf"<(?P<pri>[1-9]?\d|1[0-8]\d|19[01])>(?:{'|'.join(MONTHS)}) [ \d]\d \d\d:\d\d:\d\d "
    r"(?P<host>[\w.-]{1,255}) (?P<ident>[^\s:\[\]]{1,128})\[(?P<pid>[^\]\s]{1,128})",
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
    heads: dict[str, tuple[int, str, str, str, str] | None] = {}
    for line in lines:
        end = line.find("]: ")
        head = line[:end] if end > 0 else ""
        try:
            known = heads[head]
        except KeyError:
            known = _head(head, received_ns)
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


def _head(head: str, received_ns: int) -> tuple[int, str, str, str, str] | None:
    match = _HEAD.fullmatch(head)
    if match is None:
        return None
    message = parse_text(f"{head}]: ", received_ns)
    parts = (match["pri"], message.host, message.app, message.procid)
    if (str(message.priority), match["host"], match["ident"], match["pid"]) != parts or message.message:
        return None
    return message.time, *parts
