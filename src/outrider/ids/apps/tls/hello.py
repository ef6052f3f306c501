"""The first messages of client and server (RFC 8446, and RFC 5246 before it)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

EXTENSIONS: Final = 256
_SNI, _GROUPS, _POINTS, _SIGNATURES, _ALPN, _VERSIONS = 0, 10, 11, 13, 16, 43
_NAMES: Final = {0x0002: "SSLv2", 0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2"} | {
    0x0304: "TLS 1.3"
}


class HelloError(Exception):
    """This is no such message."""


@dataclass(slots=True)
class Hello:
    """``version`` is what counts: that of the extension, where there is one."""

    version: int
    legacy: int
    random: bytes
    session: bytes
    ciphers: list[int]
    extensions: list[int] = field(default_factory=list)
    name: bytes | None = None
    protocols: list[bytes] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    signatures: list[int] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)


def version_name(version: int) -> str:
    """As events have it."""
    if version >> 8 == 0x7F:
        return f"TLS 1.3 draft-{version & 255}"
    return _NAMES.get(version, f"0x{version:04x}" if version else "UNDETERMINED")


def grease(value: int) -> bool:
    """Whether a number stands there only to keep implementations tolerant (RFC 8701)."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 255


def client(data: bytes) -> Hello:
    """A ClientHello, without the head of the handshake message. Raises HelloError."""
    try:
        found, at = _begin(data)
        size = struct.unpack_from(">H", data, at)[0]
        found.ciphers = _words(data[at + 2 : at + 2 + size])
        at += 2 + size
        at += 1 + data[at]
        _extensions(found, data, at, server=False)
    except (IndexError, struct.error) as error:
        raise HelloError from error
    offered = [version for version in found.versions if not grease(version)]
    if offered:
        found.version = max(offered)
    return found


def server(data: bytes) -> Hello:
    """A ServerHello, the same way. Raises HelloError."""
    try:
        found, at = _begin(data)
        if found.legacy >> 8 == 0x7F and found.legacy & 255 < 22:  # drafts that had neither session nor compression
            raise IndexError
        found.ciphers = [struct.unpack_from(">H", data, at)[0]]
        _extensions(found, data, at + 3, server=True)
    except (IndexError, struct.error) as error:
        if len(data) >= 36 and data[0] == 0x7F:
            return _draft(data)
        raise HelloError from error
    if found.versions:
        found.version = found.versions[0]
    return found


def _draft(data: bytes) -> Hello:
    """A ServerHello of an early draft of TLS 1.3."""
    legacy = data[0] << 8 | data[1]
    found = Hello(legacy, legacy, data[2:34], b"", [data[34] << 8 | data[35]])
    try:
        _extensions(found, data, 36, server=True)
    except (IndexError, struct.error) as error:
        raise HelloError from error
    return found


def _begin(data: bytes) -> tuple[Hello, int]:
    legacy = struct.unpack_from(">H", data)[0]
    size = data[34]
    if len(data) < 35 + size:
        raise IndexError
    return Hello(legacy, legacy, data[2:34], data[35 : 35 + size], []), 35 + size


def _words(data: bytes) -> list[int]:
    return [data[at] << 8 | data[at + 1] for at in range(0, len(data) - 1, 2)]


def _extensions(found: Hello, data: bytes, at: int, *, server: bool) -> None:
    if at + 2 > len(data):
        return
    end = min(at + 2 + struct.unpack_from(">H", data, at)[0], len(data))
    at += 2
    while at + 4 <= end and len(found.extensions) < EXTENSIONS:
        kind, size = struct.unpack_from(">HH", data, at)
        body = data[at + 4 : min(at + 4 + size, end)]
        at += 4 + size
        found.extensions.append(kind)
        _extension(found, kind, body, server=server)


def _extension(found: Hello, kind: int, body: bytes, *, server: bool) -> None:
    if kind == _SNI and not server and len(body) > 5:
        found.name = body[5 : 5 + (body[3] << 8 | body[4])]
    elif kind == _ALPN:
        found.protocols = list(_strings(body[2:]))
    elif kind == _GROUPS:
        found.groups = _words(body[2:])
    elif kind == _POINTS:
        found.points = list(body[1:])
    elif kind == _SIGNATURES:
        found.signatures = _words(body[2:])
    elif kind == _VERSIONS:
        found.versions = _words(body if server else body[1:])


def _strings(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        yield data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
