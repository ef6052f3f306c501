"""Headers of packets."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from outrider.ids.rules.conditions import Field, FragmentBits, IpOption, SameAddress, TcpFlags
from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.reading import Flag, Reader, unquoted, words
from outrider.ids.rules.numbers import Numbers, numbers
from outrider.ids.rules.refusal import RuleError

_MOST: Final = {
    **dict.fromkeys(("ttl", "tos", "itype", "icode", "tcp.wscale"), 255),
    **dict.fromkeys(("dsize", "id", "fragoffset", "icmp_id", "icmp_seq", "window", "tcp.mss"), 65_535),
    **dict.fromkeys(("seq", "ack", "icmpv6.mtu"), (1 << 32) - 1),
}
_OTHER_NAMES: Final = {"tcp.seq": "seq", "tcp.ack": "ack", "tcp.window": "window"}
_TCP: Final = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128, "2": 64, "1": 128, "0": 0}
_FLAGS: Final = re.compile(r"([!+*]?)([FSRPAUEC012]+)([+*]?)", re.IGNORECASE)
_FRAGMENT: Final = {"M": 1, "D": 2, "R": 4}
_BITS: Final = re.compile(r"([!+*]?)([MDR]+)([+*]?)", re.IGNORECASE)
_IP_OPTIONS: Final = {
    "any": -1,
    "eol": 0,
    "nop": 1,
    "rr": 7,
    "ts": 68,
    "sec": 130,
    "lsrr": 131,
    "esec": 133,
    "cipso": 134,
    "satid": 136,
    "ssrr": 137,
    "rtralt": 148,
}
_IP_PROTOCOLS: Final = {
    "icmp": 1,
    "igmp": 2,
    "ipip": 4,
    "ip-in-ip": 4,
    "tcp": 6,
    "egp": 8,
    "igp": 9,
    "udp": 17,
    "ipv6": 41,
    "rsvp": 46,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "icmpv6": 58,
    "ipv6-icmp": 58,
    "eigrp": 88,
    "ospf": 89,
    "pim": 103,
    "sctp": 132,
}


def _field(name: str, draft: Draft, value: str) -> None:
    text = unquoted(value, name, needed=False)
    draft.conditions.append(Field(name, numbers(text, name, _MOST[name])))


def _flags(draft: Draft, value: str) -> None:
    wanted, *ignored = words(unquoted(value, "flags", needed=False))
    found = _FLAGS.fullmatch(wanted)
    if not found or len(ignored) > 1 or (found[1] and found[3]):
        raise RuleError(f"flags: '{value}' is not what flags takes, such as S, +SA, *SF, !R or S,CE")
    mask = sum({_TCP[letter] for letter in ignored[0].upper() if letter in _TCP}) if ignored else 0
    if ignored and not set(ignored[0].upper()) <= set(_TCP):
        raise RuleError(f"flags: '{ignored[0]}' has letters that are no flags")
    draft.conditions.append(TcpFlags(_sum(found[2], _TCP), mask, found[1] or found[3]))


def _sum(letters: str, known: dict[str, int]) -> int:
    total = 0
    for letter in letters.upper():
        total |= known[letter]
    return total


def _fragbits(draft: Draft, value: str) -> None:
    found = _BITS.fullmatch(unquoted(value, "fragbits", needed=False))
    if not found or (found[1] and found[3]):
        raise RuleError(f"fragbits: '{value}' is not what it takes, such as M, +D, *MD or !R")
    draft.conditions.append(FragmentBits(_sum(found[2], _FRAGMENT), found[1] or found[3]))


def _ipopts(draft: Draft, value: str) -> None:
    if value.lower() not in _IP_OPTIONS:
        raise RuleError(f"ipopts: '{value}' is not known; {', '.join(_IP_OPTIONS)} are")
    draft.conditions.append(IpOption(_IP_OPTIONS[value.lower()]))


def _ip_proto(draft: Draft, value: str) -> None:
    text = unquoted(value, "ip_proto", needed=False).lower()
    sign, name = (text[0], text[1:].strip()) if text[:1] in ("!", "<", ">") else ("", text)
    known = _IP_PROTOCOLS.get(name)
    draft.conditions.append(Field("ip_proto", numbers(f"{sign}{name if known is None else known}", "ip_proto", 255)))


def _frag_offset(draft: Draft, value: str) -> None:
    negated = value.startswith("!")
    found = numbers(value[1:] if negated else value, "fragoffset", _MOST["fragoffset"])
    draft.conditions.append(Field("fragoffset", Numbers(found.low, found.high, negated) if negated else found))


def _sameip(draft: Draft) -> None:
    draft.conditions.append(SameAddress())


READERS: Final[dict[str, Reader]] = {
    **{name: partial(_field, name) for name in _MOST},
    **{other: partial(_field, name) for other, name in _OTHER_NAMES.items()},
    "fragoffset": _frag_offset,
    "flags": _flags,
    "tcp.flags": _flags,
    "fragbits": _fragbits,
    "ipopts": _ipopts,
    "ip_proto": _ip_proto,
}
FLAGS: Final[dict[str, Flag]] = {"sameip": _sameip}
