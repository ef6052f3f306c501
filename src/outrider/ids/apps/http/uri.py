"""A request's target, as written and in its plain form."""

from __future__ import annotations

import re
from typing import Final

_ESCAPED: Final = re.compile(rb"%([0-9a-fA-F]{2})")
_ABSOLUTE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)(.*)", re.DOTALL)
_WIDE: Final = re.compile(rb"%u([0-9a-fA-F]{4})")


def plain(target: bytes) -> bytes:
    """Without scheme and host, escapes decoded, ``/a/./b/../c`` as ``/a/c``, one slash for several."""
    found = _ABSOLUTE.fullmatch(target)
    if found:
        target = found[2] or b"/"
    path, mark, query = target.partition(b"?")
    path = _decoded(path)
    if b"//" in path:
        path = re.sub(rb"//+", b"/", path)
    if b"/." in path:
        path = _without_dots(path)
    return path + (b"?" + _decoded(query) if mark else b"")


def _decoded(text: bytes) -> bytes:
    if b"%" not in text:
        return text
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text)


def _without_dots(path: bytes) -> bytes:
    made: list[bytes] = []
    parts = path.split(b"/")
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == b".":
            if last:
                made.append(b"")
        elif part == b"..":
            if len(made) > 1:
                made.pop()
            if last:
                made.append(b"")
        else:
            made.append(part)
    return b"/".join(made)


def host_of(target: bytes) -> bytes:
    """The host of an absolute target or of CONNECT, empty if there is none."""
    found = _ABSOLUTE.fullmatch(target)
    return found[1].rpartition(b"@")[2] if found else b""


def percent_decoded(data: bytes) -> bytes:
    """The transform ``url_decode``: escapes, and ``+`` for a blank."""
    return _decoded(_WIDE.sub(lambda found: bytes([int(found[1], 16) & 0xFF]), data.replace(b"+", b" ")))
