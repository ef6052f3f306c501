"""One message, its names and records (RFC 1035)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, field
from typing import Any, Final

RECORDS: Final = 256
"""Most records of a message that are read."""
_POINTERS: Final = 64
_NAME_LIMIT: Final = 255
TYPES: Final = {
    1: "A",
    2: "NS",
    5: "CNAME",
    6: "SOA",
    10: "NULL",
    12: "PTR",
    13: "HINFO",
    15: "MX",
    16: "TXT",
    28: "AAAA",
    33: "SRV",
    35: "NAPTR",
    41: "OPT",
    43: "DS",
    44: "SSHFP",
    46: "RRSIG",
    47: "NSEC",
    48: "DNSKEY",
    50: "NSEC3",
    52: "TLSA",
    64: "SVCB",
    65: "HTTPS",
    99: "SPF",
    249: "TKEY",
    250: "TSIG",
    252: "AXFR",
    255: "ANY",
    257: "CAA",
}
CODES: Final = {
    0: "NOERROR",
    1: "FORMERR",
    2: "SERVFAIL",
    3: "NXDOMAIN",
    4: "NOTIMP",
    5: "REFUSED",
    6: "YXDOMAIN",
    7: "YXRRSET",
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
    16: "BADVERS",
    17: "BADKEY",
    18: "BADTIME",
}
_NAMES: Final = frozenset({2, 5, 12})


class MessageError(Exception):
    """This is no message, or it is cut off."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for."""

    name: bytes
    kind: int


@dataclass(frozen=True, slots=True)
class Record:
    """``told`` is what the record says: a text, bytes, or the parts of a start of authority."""

    name: bytes
    kind: int
    ttl: int
    told: Any


@dataclass(slots=True)
class Message:
    """``flags`` as on the wire; ``sections`` are answers, authorities and additional records."""

    id: int
    flags: int
    questions: list[Question] = field(default_factory=list)
    sections: tuple[list[Record], list[Record], list[Record]] = field(default_factory=lambda: ([], [], []))
    damaged: bool = False

    @property
    def answer(self) -> bool:
        """Whether it answers."""
        return bool(self.flags & 0x8000)

    @property
    def opcode(self) -> int:
        """What kind of question it is."""
        return self.flags >> 11 & 15

    @property
    def code(self) -> int:
        """How the question was taken."""
        return self.flags & 15


def likely(data: bytes) -> bool:
    """Whether these bytes may begin a message."""
    if len(data) < 12:
        return False
    _, flags, questions, answers, authorities, additional = struct.unpack_from(">HHHHHH", data)
    records = int(answers) + int(authorities) + int(additional)
    few = int(questions) <= 32 and records <= 4096 and (int(flags) >> 11 & 15) <= 6
    return few and int(questions) + records > 0


def read(data: bytes) -> Message:
    """A message; what cannot be read of it is left out and it is marked. Raises MessageError for none."""
    if not likely(data):
        raise MessageError("this is no message")
    number, flags, *counts = struct.unpack_from(">HHHHHH", data)
    found = Message(number, flags)
    at = 12
    try:
        for _ in range(min(counts[0], RECORDS)):
            name, at = _name(data, at)
            kind = struct.unpack_from(">H", data, at)[0]
            at += 4
            if at > len(data):
                raise IndexError
            found.questions.append(Question(name, kind))
        for section, count in zip(found.sections, counts[1:], strict=True):
            for _ in range(min(count, RECORDS)):
                record, at = _record(data, at)
                section.append(record)
    except (IndexError, struct.error):
        if not found.questions and counts[0]:
            raise MessageError("the message is cut off") from None
        found.damaged = True
    return found


def _name(data: bytes, at: int) -> tuple[bytes, int]:
    """A name and where it ends; labels are parted by dots. Pointers are followed, not for ever."""
    labels: list[bytes] = []
    size, jumps, end = 0, 0, -1
    while True:
        length = data[at]
        if length >= 0xC0:
            if end < 0:
                end = at + 2
            at = (length & 0x3F) << 8 | data[at + 1]
            jumps += 1
            if jumps > _POINTERS:
                raise IndexError
            continue
        if length & 0xC0:
            raise IndexError
        at += 1
        if not length:
            break
        label = data[at : at + length]
        if len(label) < length:
            raise IndexError
        size += length + 1
        if size > _NAME_LIMIT:
            raise IndexError
        labels.append(label)
        at += length
    return b".".join(labels), at if end < 0 else end


def _record(data: bytes, at: int) -> tuple[Record, int]:
    name, at = _name(data, at)
    kind, _, ttl, length = struct.unpack_from(">HHIH", data, at)
    at += 10
    end = at + length
    if end > len(data):
        raise IndexError
    return Record(name, kind, ttl, _told(data, at, end, kind)), end


def _told(data: bytes, at: int, end: int, kind: int) -> Any:
    raw = data[at:end]
    if kind == 1 and len(raw) == 4:
        return str(ipaddress.IPv4Address(raw))
    if kind == 28 and len(raw) == 16:
        return ipaddress.IPv6Address(raw).exploded
    try:
        if kind in _NAMES:
            return _name(data, at)[0]
        if kind == 15:
            return _name(data, at + 2)[0]
        if kind == 6:
            master, at = _name(data, at)
            person, at = _name(data, at)
            return (master, person, *struct.unpack_from(">IIIII", data, at))
        if kind == 33:
            return (*struct.unpack_from(">HHH", data, at), _name(data, at + 6)[0])
    except (IndexError, struct.error):
        return raw
    if kind == 16:
        texts = []
        while at < end:
            texts.append(data[at + 1 : min(at + 1 + data[at], end)])
            at += 1 + data[at]
        return tuple(texts)
    return raw
