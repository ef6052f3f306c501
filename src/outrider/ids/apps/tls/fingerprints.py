"""JA3 and JA3S (Salesforce, 2017), JA4 (FoxIO, 2023)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from outrider.ids.apps.tls.hello import Hello, grease


def _joined(numbers: Iterable[int]) -> str:
    return "-".join(str(number) for number in numbers if not grease(number))


def ja3(hello: Hello) -> str:
    """The text whose MD5 is the fingerprint of a client."""
    parts = (hello.ciphers, hello.extensions, hello.groups, hello.points)
    return ",".join((str(hello.legacy), *map(_joined, parts)))


def ja3s(hello: Hello) -> str:
    """The same of a server."""
    return ",".join((str(hello.legacy), _joined(hello.ciphers), _joined(hello.extensions)))


def md5(text: str) -> str:
    """A fingerprint of a text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}


def ja4(hello: Hello) -> str:
    """The fingerprint of a client over TCP."""
    ciphers = [number for number in hello.ciphers if not grease(number)]
    extensions = [number for number in hello.extensions if not grease(number)]
    offered = max((number for number in hello.versions if not grease(number)), default=hello.legacy)
    first = hello.protocols[0] if hello.protocols else b""
    protocol = _ends(first)
    begin = "t{}{}{:02}{:02}{}".format(
        _VERSIONS.get(offered, "00"),
        "d" if hello.name is not None else "i",
        min(len(ciphers), 99),
        min(len(extensions), 99),
        protocol,
    )
    others = sorted(number for number in extensions if number not in (0, 16))
    told = ",".join(f"{number:04x}" for number in others)
    signatures = ",".join(f"{number:04x}" for number in hello.signatures if not grease(number))
    if signatures:
        told += f"_{signatures}"
    return f"{begin}_{_short(','.join(f'{number:04x}' for number in sorted(ciphers)))}_{_short(told)}"


def _ends(protocol: bytes) -> str:
    if not protocol:
        return "00"
    ends = bytes([protocol[0], protocol[-1]])
    if all(chr(byte).isascii() and chr(byte).isalnum() for byte in ends):
        return ends.decode()
    text = protocol.hex()
    return text[0] + text[-1]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12
