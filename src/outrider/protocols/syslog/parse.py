"""Syslog messages as they come: RFC 5424, RFC 3164 and what devices make of it, the file format of rsyslog.

Nothing is refused. What cannot be told apart stays in the message; a line that is no syslog at all is a message with
the time of receipt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from outrider.protocols.syslog import dates, structured

_PRIORITY = re.compile(r"<(\d{1,3})>", re.ASCII)
_HEADER_5424 = re.compile(r"[1-9]\d? (\S+) (\S+) (\S+) (\S+) (\S+) ", re.ASCII)
# Cisco counts its messages, may name itself first, and marks a clock that is not synchronised with * or a dot.
_BEFORE_TIME = re.compile(r"(?:\d{1,10}: )?(?:(?P<host>[\w.:-]+): )?[*.]?(?=[A-Za-z0-9])", re.ASCII)
_TAG = re.compile(r"(?P<app>[^\s:\[\]]{1,128})(?:\[(?P<procid>[^\]\s]{0,128})\](?::|(?= |$))|:)(?: |$)")
_HOST = re.compile(r"(?P<host>\S{1,255}) ")
_HIGHEST_PRIORITY: Final = 191
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class SyslogMessage:
    """One message. Text that is not there is empty; bytes that are not UTF-8 are surrogate escapes.

    ``time`` is in nanoseconds since the epoch: the message's own, else that of receipt. ``priority`` is None if the
    line had none.
    """

    time: int
    message: str
    priority: int | None = None
    host: str = ""
    app: str = ""
    procid: str = ""
    msgid: str = ""
    structured: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def facility(self) -> int | None:
        """0 to 23, see ``names.FACILITIES``."""
        return None if self.priority is None else self.priority >> 3

    @property
    def severity(self) -> int | None:
        """0 to 7, see ``names.SEVERITIES``."""
        return None if self.priority is None else self.priority & 7


def parse(line: bytes, received_ns: int) -> SyslogMessage:
    """Read one message, with or without its line end. ``received_ns`` is the time of receipt. Never raises."""
    if line.endswith(b"\n"):
        line = line[:-1].removesuffix(b"\r")
    return parse_text(line.decode("utf-8", "surrogateescape"), received_ns)


def parse_text(text: str, received_ns: int) -> SyslogMessage:
    """``parse`` for text whose undecodable bytes are surrogate escapes, without a line end."""
    priority = None
    start = 0
    if (match := _PRIORITY.match(text)) and int(match[1]) <= _HIGHEST_PRIORITY:
        priority = int(match[1])
        start = match.end()
        if (header := _HEADER_5424.match(text, start)) and (message := _rfc5424(text, header, priority, received_ns)):
            return message
    return _rfc3164(text, start, priority, received_ns)


def _rfc5424(text: str, header: re.Match[str], priority: int, received_ns: int) -> SyslogMessage | None:
    """None if the time is none: then it is something else that begins with a small number."""
    time = received_ns if header[1] == "-" else dates.rfc3339(header[1])
    if time is None:
        return None
    data = structured.read(text, header.end())
    # Where the structured data is broken, it stays in the message.
    elements, end = data if data is not None else ({}, header.end())
    message = text[end:].removeprefix(" ").removeprefix(_BOM)
    host, app, procid, msgid = ("" if header[n] == "-" else header[n] for n in (2, 3, 4, 5))
    return SyslogMessage(time, message, priority, host, app, procid, msgid, elements)


def _rfc3164(text: str, start: int, priority: int | None, received_ns: int) -> SyslogMessage:
    before, stamps = "", dates.find(text, start, received_ns)
    if not stamps and (match := _BEFORE_TIME.match(text, start)):
        before, stamps = match["host"] or "", dates.find(text, match.end(), received_ns)
    if not stamps and text.startswith("1 ", start):  # a version, then seconds since the epoch
        stamps = dates.find(text, start + 2, received_ns)
    for stamp in stamps:
        found = _behind_time(text, stamp, priority, before, is_last=stamp is stamps[-1])
        if found is not None:
            return found
    if priority is not None and (tag := _TAG.match(text, start)):
        return SyslogMessage(received_ns, text[tag.end() :], priority, "", tag["app"], tag["procid"] or "")
    return SyslogMessage(received_ns, text[start:], priority)


def _behind_time(
    text: str, stamp: dates.Stamp, priority: int | None, before: str, *, is_last: bool
) -> SyslogMessage | None:
    """Host, tag and message; None if a reading of the time that took more words than needed leaves no tag."""
    at = stamp.end + text.startswith(":", stamp.end)
    if not text.startswith(" ", at):
        if at < len(text):
            return None
        return SyslogMessage(stamp.ns, "", priority, before)
    at += 1
    host = before
    tag = _TAG.match(text, at)
    if tag is None and not before and (match := _HOST.match(text, at)):
        tag = _TAG.match(text, match.end())
        if tag is not None or is_last:
            host, at = match["host"], match.end()
    if tag is not None:
        return SyslogMessage(stamp.ns, text[tag.end() :], priority, host, tag["app"], tag["procid"] or "")
    return SyslogMessage(stamp.ns, text[at:], priority, host) if is_last else None
