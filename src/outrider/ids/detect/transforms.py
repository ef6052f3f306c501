"""What is done to a buffer before it is looked at."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final

from outrider.ids.apps.http.uri import percent_decoded
from outrider.ids.detect.search import decode_base64
from outrider.ids.expressions import compiled, searched
from outrider.ids.rules.buffers import Transform
from outrider.ids.rules.steps import Pcre

_BLANKS: Final = re.compile(rb"[\t\n\v\f\r ]+")


def prepared(transforms: tuple[Transform, ...]) -> Callable[[bytes], bytes | None]:
    """All of them, one after the other; None where nothing is left to look at."""
    steps = [_one(transform) for transform in transforms]

    def run(data: bytes) -> bytes | None:
        found: bytes | None = data
        for step in steps:
            if found is None:
                return None
            found = step(found)
        return found

    return run


def _one(transform: Transform) -> Callable[[bytes], bytes | None]:
    if transform.name == "pcrexform":
        expression = compiled(Pcre(str(transform.argument)))
        return lambda data: _captured(expression, data)
    if transform.name == "xor":
        key = transform.argument
        assert isinstance(key, bytes)
        return lambda data: bytes(byte ^ key[at % len(key)] for at, byte in enumerate(data))
    if transform.name == "from_base64":
        argument: Any = transform.argument
        return lambda data: _from_base64(data, *argument)
    return _PLAIN[transform.name]


def _captured(expression: Any, data: bytes) -> bytes | None:
    found = searched(expression, data)
    if found is None:
        return None
    groups = found.groups()
    text = groups[0] if groups else found.group()
    return bytes(text) if text is not None else None


def _from_base64(data: bytes, size: int, offset: int, mode: str) -> bytes | None:
    text = data[offset : offset + size] if size else data[offset:]
    if mode == "rfc2045":
        text = bytes(byte for byte in text if byte in b"+/=" or chr(byte).isalnum())
    return decode_base64(text)


def _top(data: bytes, count: int) -> bytes | None:
    """The last ``count`` labels of a name."""
    labels = data.rstrip(b".").split(b".")
    return b".".join(labels[-count:]) if len(labels) >= count else None


_PLAIN: Final[dict[str, Callable[[bytes], bytes | None]]] = {
    "dotprefix": lambda data: b"." + data,
    "to_lowercase": bytes.lower,
    "to_uppercase": bytes.upper,
    "strip_whitespace": lambda data: _BLANKS.sub(b"", data),
    "compress_whitespace": lambda data: _BLANKS.sub(lambda found: found[0][:1], data),
    "url_decode": percent_decoded,
    "to_md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "to_sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "to_sha256": lambda data: hashlib.sha256(data).digest(),
    "header_lowercase": lambda data: re.sub(rb"(?m)^[^:\r\n]*", lambda found: found[0].lower(), data),
    "strip_pseudo_headers": lambda data: re.sub(rb"(?m)^:.*(?:\r?\n|\Z)", b"", data),
    "domain": lambda data: _top(data, 2),
    "tld": lambda data: _top(data, 1),
}
