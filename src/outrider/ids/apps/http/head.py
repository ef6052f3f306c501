"""Lines of a head, and what they say."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

HEAD_LIMIT: Final = 65_536
HEADERS: Final = 1024
_END: Final = re.compile(rb"\n\r{0,2}\n|\n[ \t\v\f]+\r{0,2}\n(?![ \t])")
"""An empty line; one of blanks, too, unless what follows goes on with the line before."""
_OWN: Final = re.compile(rb"\s+(?:Transfer-Encoding|Content-Encoding|Content-Length)\s*:", re.IGNORECASE)
"""A folded line that some would take for a header of its own."""
_FIRST_BLANK: Final = re.compile(rb"(?:[\x00\s]*[\r\n])?[\x00 \t]*")
_STATUS: Final = re.compile(rb"(HTTP/[\d.]*)[\s\x00]*([\d\x00]{1,5})?[ \t\r]*(.*)", re.IGNORECASE | re.DOTALL)
_BLANKS: Final = b" \t\r\n\x00\v\f"


class Header(NamedTuple):
    """``name`` and ``value`` as written, without the blanks around them."""

    name: bytes
    value: bytes


def end_of(data: bytes | bytearray, at: int = 0, start: int = 0) -> int:
    """Where the head that begins at ``at`` is over, -1 if it goes on; nothing before ``start`` ends it."""
    first = _FIRST_BLANK.match(data, at)
    found = _END.search(data, max(first.end() if first else at, start))
    return found.end() if found else -1


def lines(head: bytes) -> list[bytes]:
    """The lines, folded ones joined with the one before; a head that has carriage returns only is cut at them."""
    text = head.strip(b"\r\n\x00 \t")
    parts = [part.rstrip(b"\r") for part in text.split(b"\n", HEADERS * 2)]
    if len(parts) == 1 and b"\r" in text:
        parts = text.split(b"\r", HEADERS * 2)
    elif b"\r" in parts[0] and re.search(rb"\r[A-Za-z-]+:", parts[0]):
        parts[:1] = parts[0].split(b"\r", HEADERS)
    found: list[list[bytes]] = []
    for part, following in zip(parts, [*parts[1:], b""], strict=True):
        folded = part[:1] in (b" ", b"\t", b"\x00", b"\v", b"\f") and not _OWN.match(part)
        alone = b":" not in part and not following.lstrip(b" \t").startswith(b":")
        if len(found) > 1 and (folded or alone) and part.strip():
            found[-1].append(part.strip(b" \t\r\x00\v\f"))
        elif part.strip(b" \t\r") or not found:
            found.append([part.rstrip(b"\r")])
    return [b" ".join(line) for line in found[: HEADERS + 1]]


def headers(told: list[bytes]) -> list[Header]:
    """Name and value of each line that has both."""
    found = []
    for line in told:
        name, colon, value = line.partition(b":")
        words = name.split(None, 1)
        if colon and words:
            found.append(Header(words[0], value.lstrip(b":").strip(_BLANKS)))
    return found


def status(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Version, code and words of a status line, as far as they are there."""
    found = _STATUS.match(line.lstrip(b"\x00 \t\r\n"))
    if not found:
        return b"", b"", b""
    return found[1], (found[2] or b"").replace(b"\x00", b""), found[3].strip(b" \t\r")


def request(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Method, target and version of a request line; what stands last is a version if it looks like one."""
    method, *rest = line.strip().split(None, 1) or [b""]
    target = rest[0].rstrip() if rest else b""
    parts = target.rsplit(None, 1)
    if parts and parts[-1][:5].upper() == b"HTTP/":
        return method, parts[0] if len(parts) > 1 else b"", parts[-1]
    return method, target, b""
