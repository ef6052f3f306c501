"""What applications say, beyond buffers."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from outrider.ids.rules.buffers import BUFFERS
from outrider.ids.rules.conditions import ApplicationProtocol, Field, TlsStates, Versions
from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.contents import pattern
from outrider.ids.rules.keywords.reading import Flag, Reader, negatable, unquoted, words
from outrider.ids.rules.numbers import numbers
from outrider.ids.rules.refusal import RuleError, UnsupportedError
from outrider.ids.rules.steps import Content

APPLICATIONS: Final = frozenset({"http", "http1", "dns", "tls", "ssl", "failed", "unknown"})
"""What a flow can be seen to speak."""
_TYPES: Final = {
    "a": 1,
    "ns": 2,
    "cname": 5,
    "soa": 6,
    "null": 10,
    "ptr": 12,
    "hinfo": 13,
    "mx": 15,
    "txt": 16,
    "aaaa": 28,
    "srv": 33,
    "naptr": 35,
    "opt": 41,
    "ds": 43,
    "rrsig": 46,
    "nsec": 47,
    "dnskey": 48,
    "svcb": 64,
    "https": 65,
    "any": 255,
    "caa": 257,
}
_CODES: Final = {
    "noerror": 0,
    "formerr": 1,
    "servfail": 2,
    "nxdomain": 3,
    "notimp": 4,
    "refused": 5,
    "yxdomain": 6,
    "yxrrset": 7,
    "nxrrset": 8,
    "notauth": 9,
    "notzone": 10,
}
_VERSIONS: Final = {
    "sslv2": 0x0002,
    "sslv3": 0x0300,
    "ssl2": 0x0002,
    "ssl3": 0x0300,
    "tls1.0": 0x0301,
    "tls1.1": 0x0302,
    "tls1.2": 0x0303,
    "tls1.3": 0x0304,
}
_STATES: Final = ("client_hello", "server_hello", "client_keyx", "server_keyx", "unknown")
_OF_OTHERS: Final = frozenset(
    {"smtp", "ftp", "ftp-data", "smb", "dcerpc", "ssh", "http2", "quic", "krb5", "nfs", "tftp", "mqtt", "ldap", "rdp"}
    | {"sip", "snmp", "ntp", "dhcp", "ike", "rfb", "modbus", "dnp3", "enip", "imap", "pop3", "pgsql", "telnet"}
    | {"websocket", "bittorrent-dht", "mdns", "doh2"}
)


def _urilen(draft: Draft, value: str) -> None:
    size, *rest = words(unquoted(value, "urilen", needed=False))
    if rest not in ([], ["raw"], ["norm"]):
        raise RuleError(f"urilen: '{rest[0]}' is not known; raw and norm are")
    draft.conditions.append(Field("urilen.raw" if rest == ["raw"] else "urilen", numbers(size, "urilen", 65_535)))


def _named(name: str, known: dict[str, int], most: int, draft: Draft, value: str) -> None:
    negated, text = negatable(value)
    told = known.get(text.strip().lower())
    draft.conditions.append(Field(name, numbers(value if told is None else f"{'!' * negated}{told}", name, most)))


def _application(draft: Draft, value: str) -> None:
    negated, text = negatable(value)
    name, *rest = words(text.lower())
    if rest not in ([], ["to_server"], ["to_client"], ["toserver"], ["toclient"], ["either"], ["both"], ["final"]):
        raise RuleError(f"app-layer-protocol: '{rest[0]}' is not known")
    if name in _OF_OTHERS:
        if not negated:
            raise UnsupportedError(f"app-layer-protocol: {name} is not told apart here")
        return  # what is never seen is never there
    if name not in APPLICATIONS:
        raise RuleError(f"app-layer-protocol: '{name}' is not known")
    direction = rest[0].replace("tos", "to_s").replace("toc", "to_c") if rest else ""
    draft.conditions.append(ApplicationProtocol({"ssl": "tls", "http1": "http"}.get(name, name), negated, direction))


def _tls_version(draft: Draft, value: str) -> None:
    negated, text = negatable(unquoted(value, "tls.version", needed=False))
    name = text.lower() if text.lower() in _VERSIONS else f"tls{text.lower().removeprefix('tls')}"
    if re.fullmatch(r"0x[0-9a-f]{4}", text, re.ASCII | re.IGNORECASE):
        found = int(text, 16)
    elif name in _VERSIONS:
        found = _VERSIONS[name]
    else:
        raise RuleError(f"tls.version: '{text}' is no version; 1.0 to 1.3 and 0x0301 are")
    only, none = frozenset({found}), frozenset[int]()
    draft.conditions.append(Versions("tls.version", none if negated else only, only if negated else none))


def _ssl_version(draft: Draft, value: str) -> None:
    positive, negative = set[int](), set[int]()
    for word in words(unquoted(value, "ssl_version", needed=False).lower()):
        negated, name = negatable(word)
        if name not in _VERSIONS:
            raise RuleError(f"ssl_version: '{name}' is no version; {', '.join(_VERSIONS)} are")
        (negative if negated else positive).add(_VERSIONS[name])
    draft.conditions.append(Versions("ssl_version", frozenset(positive), frozenset(negative)))


def _ssl_state(draft: Draft, value: str) -> None:
    wanted, unwanted = set[str](), set[str]()
    for word in re.split(r"[|,]", unquoted(value, "ssl_state", needed=False).lower()):
        negated, name = negatable(word.strip())
        if name not in _STATES:
            raise RuleError(f"ssl_state: '{name}' is no state; {', '.join(_STATES)} are")
        (unwanted if negated else wanted).add(name)
    draft.conditions.append(TlsStates(frozenset(wanted), frozenset(unwanted)))


def _older(name: str, draft: Draft, value: str) -> None:
    """``tls.subject:"CN=x"``: a content in a buffer, in one option."""
    negated, text = negatable(value)
    draft.add(Content(pattern(unquoted(text, name)), negated, nocase=False), BUFFERS[name])


def _nothing(draft: Draft) -> None:
    """Certificates are not kept in files."""


READERS: Final[dict[str, Reader]] = {
    "urilen": _urilen,
    "dns.opcode": partial(_named, "dns.opcode", {}, 15),
    "dns.rrtype": partial(_named, "dns.rrtype", _TYPES, 65_535),
    "dns.rcode": partial(_named, "dns.rcode", _CODES, 65_535),
    "tls.cert_chain_len": lambda draft, value: draft.conditions.append(
        Field("tls.cert_chain_len", numbers(value, "tls.cert_chain_len", (1 << 32) - 1))
    ),
    "app-layer-protocol": _application,
    "tls.version": _tls_version,
    "ssl_version": _ssl_version,
    "ssl_state": _ssl_state,
    "tls.subject": partial(_older, "tls.cert_subject"),
    "tls.issuerdn": partial(_older, "tls.cert_issuer"),
    "tls.fingerprint": partial(_older, "tls.cert_fingerprint"),
}
FLAGS: Final[dict[str, Flag]] = {"tls.store": _nothing}
