"""Keys of objects: ``s3_key_format`` filled in. Pure.

``$TAG[0]`` to ``$TAG[9]`` are parts of the tag, split at any of the delimiters, runs of them counting as one; a part
that is not there leaves the whole tag and the brackets. ``$TAG``, ``$INDEX``, ``$UUID``, and ``strftime`` in UTC for
what the format itself holds (Fluent Bit 5.1.1, ``flb_get_s3_key``; there a ``%`` in a tag is taken for a date as well).
"""

from __future__ import annotations

import hashlib
import re
import time
from typing import Final

KEY_MAX: Final = 1024
"""Bytes of a key, by S3's rules."""
OBJECT: Final = "-object"
_TOKEN: Final = re.compile(r"(\$TAG\[\d\]|\$TAG|\$INDEX|\$UUID)")
_PARTS_MAX: Final = 10


class KeyFormat:
    """A format, taken apart once."""

    def __init__(self, text: str, delimiters: str) -> None:
        self._pieces = _TOKEN.split(text)
        self._delimiters = re.compile(f"[{re.escape(delimiters)}]+") if delimiters else None
        self.has_uuid = "$UUID" in self._pieces
        self.has_index = "$INDEX" in self._pieces
        self.parts_wanted = any(piece.startswith("$TAG[") for piece in self._pieces)

    def key(self, tag: str, second: int, uuid: str, index: int) -> str:
        """The key for a tag and a time in seconds; at most KEY_MAX bytes, the end replaced by a digest otherwise."""
        parts = self._parts(tag) if self.parts_wanted else []
        when = time.gmtime(min(max(second, 0), 253_402_300_799))
        made = []
        for piece in self._pieces:
            if piece == "$TAG":
                made.append(tag)
            elif piece == "$INDEX":
                made.append(str(index))
            elif piece == "$UUID":
                made.append(uuid)
            elif _TOKEN.fullmatch(piece):
                number = int(piece[5])
                made.append(parts[number] if number < len(parts) else f"{tag}[{number}]")
            else:
                made.append(time.strftime(piece, when))
        return _bounded("".join(made))

    def object_key(self, tag: str, second: int, uuid: str, index: int, *, static: bool) -> str:
        """The key of an object that is put whole: ``-object`` and eight random characters tell objects apart.

        Not so where the format does that by ``$UUID`` or ``$INDEX``, where it must not (``static``), or would get long.
        """
        key = self.key(tag, second, uuid, index)
        if static or self.has_uuid or self.has_index or len(_bytes(key)) + len(OBJECT) + 9 > KEY_MAX:
            return key
        return f"{key}{OBJECT}{uuid}"

    def _parts(self, tag: str) -> list[str]:
        found = self._delimiters.split(tag) if self._delimiters else [tag]
        return [part for part in found if part][:_PARTS_MAX]


def _bounded(key: str) -> str:
    raw = _bytes(key)
    if len(raw) <= KEY_MAX:
        return key
    digest = hashlib.sha256(raw).hexdigest()[:16]
    return f"{raw[: KEY_MAX - 17].decode('utf-8', 'ignore')}-{digest}"


def _bytes(text: str) -> bytes:
    """UTF-8, which S3 insists on: bytes of a tag that are not become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()
