"""The wire form of Docker's ``fluentd`` driver: Forward protocol, Message mode, one msgpack array a log message.

``[tag, EventTime, {container_id, container_name, source, log, partial_*}, {}]``: all record values are strings, ``log``
holds the raw bytes of the line, the time is the 8-byte extension type 0 (seconds and nanoseconds, big endian).
"""

from __future__ import annotations

import struct

from outrider.taskdef.run.driver.pieces import Piece

SOURCES = ("stdout", "stderr")
_EVENT_TIME = struct.Struct(">BBII")
_NANOSECONDS = 1_000_000_000


class Encoder:
    """Messages of one stream of one container.

    ``container_id`` is 64 hex digits, ``container_name`` has a leading slash, as Docker reports both.
    """

    def __init__(self, tag: str, container_id: str, container_name: str, source: str) -> None:
        self._tag = _text(tag.encode())
        fields = {"container_id": container_id, "container_name": container_name, "source": source}
        self._fields = b"".join(_text(word.encode()) for pair in fields.items() for word in pair)

    def encode(self, piece: Piece) -> bytes:
        """One message."""
        seconds, nanoseconds = divmod(piece.time, _NANOSECONDS)
        extra = b""
        count = 4
        if piece.part is not None:
            count = 8
            part = {
                "partial_message": "true",
                "partial_id": piece.part.id,
                "partial_ordinal": str(piece.part.ordinal),
                "partial_last": "true" if piece.part.last else "false",
            }
            extra = b"".join(_text(word.encode()) for pair in part.items() for word in pair)
        return b"".join(
            (
                b"\x94",
                self._tag,
                _EVENT_TIME.pack(0xD7, 0, seconds, nanoseconds),
                bytes((0x80 | count,)),
                self._fields,
                b"\xa3log",
                _text(piece.text),
                extra,
                b"\x80",
            )
        )


def _text(raw: bytes) -> bytes:
    """A msgpack string of raw bytes, which need not be UTF-8 (Docker sends lines as they are)."""
    size = len(raw)
    if size < 32:
        return bytes((0xA0 | size,)) + raw
    if size < 256:
        return b"\xd9" + struct.pack(">B", size) + raw
    if size < 65536:
        return b"\xda" + struct.pack(">H", size) + raw
    return b"\xdb" + struct.pack(">I", size) + raw
