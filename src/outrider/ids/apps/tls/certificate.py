"""What events and rules need of a certificate (RFC 5280), read leniently."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

_NAMES: Final = {
    "550403": "CN",
    "550404": "SN",
    "550405": "serialNumber",
    "550406": "C",
    "550407": "L",
    "550408": "ST",
    "550409": "STREET",
    "55040a": "O",
    "55040b": "OU",
    "55040c": "title",
    "55042a": "GN",
    "2a864886f70d010901": "emailAddress",
    "0992268993f22c640101": "UID",
    "0992268993f22c640119": "DC",
}
_ALTERNATIVE: Final = "551d11"


class CertificateError(Exception):
    """This is no certificate."""


class _Value(NamedTuple):
    tag: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """Names as events have them; times without zone, in UTC."""

    subject: bytes
    issuer: bytes
    serial: str
    fingerprint: str
    not_before: str
    not_after: str
    alternatives: tuple[bytes, ...]
    raw: bytes


def read(raw: bytes) -> Certificate:
    """A certificate in DER. Raises CertificateError."""
    try:
        outer = _value(raw, 0)
        inner = _value(raw, outer.start)
        parts = list(_values(raw, inner.start, inner.end))
        if parts and parts[0].tag == 0xA0:
            parts.pop(0)
        serial, _, issuer, times, subject, *rest = parts
        before, after = list(_values(raw, times.start, times.end))[:2]
    except (IndexError, ValueError) as error:
        raise CertificateError from error
    digest = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
    return Certificate(
        _name(raw, subject),
        _name(raw, issuer),
        ":".join(f"{byte:02X}" for byte in raw[serial.start : serial.end]),
        ":".join(digest[at : at + 2] for at in range(0, 40, 2)),
        _time(raw, before),
        _time(raw, after),
        tuple(_alternatives(raw, rest)),
        raw,
    )


def _value(data: bytes, at: int) -> _Value:
    tag, size = data[at], data[at + 1]
    start = at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 0 < count <= 4:
            raise IndexError
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + size > len(data):
        raise IndexError
    return _Value(tag, start, start + size)


def _values(data: bytes, at: int, end: int) -> Iterator[_Value]:
    while at < end:
        found = _value(data, at)
        if found.end > end:
            raise IndexError
        yield found
        at = found.end


def _name(data: bytes, whole: _Value) -> bytes:
    found = []
    try:
        for group in _values(data, whole.start, whole.end):
            for pair in _values(data, group.start, group.end):
                kind, text = list(_values(data, pair.start, pair.end))[:2]
                number = data[kind.start : kind.end].hex()
                value = data[text.start : text.end]
                if text.tag == 30:
                    value = value.decode("utf-16-be", "replace").encode()
                found.append(_NAMES.get(number, _dotted(data[kind.start : kind.end])).encode() + b"=" + value)
    except (IndexError, ValueError):
        pass  # what could be read of the name counts
    return b", ".join(found)


def _dotted(raw: bytes) -> str:
    if not raw:
        return "?"
    parts = [raw[0] // 40, raw[0] % 40]
    number = 0
    for byte in raw[1:]:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(number)
            number = 0
    return ".".join(map(str, parts))


def _time(data: bytes, value: _Value) -> str:
    text = data[value.start : value.end].decode("ascii", "replace")
    if value.tag == 23:
        text = ("20" if text[:2] < "50" else "19") + text
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}"


def _alternatives(data: bytes, rest: list[_Value]) -> Iterator[bytes]:
    """Names of hosts, addresses and mail that the certificate is for, too."""
    try:
        for part in rest:
            if part.tag != 0xA3:
                continue
            everything = _value(data, part.start)
            for extension in _values(data, everything.start, everything.end):
                pieces = list(_values(data, extension.start, extension.end))
                if data[pieces[0].start : pieces[0].end].hex() != _ALTERNATIVE:
                    continue
                names = _value(data, pieces[-1].start)
                for name in _values(data, names.start, names.end):
                    raw = data[name.start : name.end]
                    if name.tag in (0x81, 0x82, 0x86):
                        yield raw
                    elif name.tag == 0x87 and len(raw) == 4:
                        yield ".".join(map(str, raw)).encode()
    except (IndexError, ValueError):
        return  # a damaged extension: what was before it counts
