"""Container log records of about 300 bytes, encoded before the clock starts."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgpack

ROUND = 20_000
"""Records in one payload."""
MARK = b"GET /api/v1/items/"
"""Stands once in each record, and is what the sink counts."""
_PACKED = 1_000
_FIRST_SECOND = 1_700_000_000
_TAG = "app-firelens-0123456789abcdef0123456789abcdef"
_CONTAINER = "0123456789abcdef" * 4


def payload(form: str) -> bytes:
    """ROUND records: ``message`` and ``packed`` in Forward's modes of that name, ``syslog`` as RFC 3164 lines."""
    if form == "syslog":
        return b"".join(
            b"<14>Nov 14 22:13:20 host%d app[%d]: %s\n" % (n % 7, n % 99, _line(n).encode()) for n in range(ROUND)
        )
    if form == "message":
        return b"".join(msgpack.packb([_TAG, _time(n), _record(n), {}]) for n in range(ROUND))
    return b"".join(_packed_frames())


def _packed_frames() -> Iterator[bytes]:
    for start in range(0, ROUND, _PACKED):
        entries = b"".join(msgpack.packb([_time(n), _record(n)]) for n in range(start, start + _PACKED))
        yield msgpack.packb([_TAG, entries, {"size": _PACKED}])


def _time(n: int) -> msgpack.ExtType:
    return msgpack.ExtType(0, struct.pack(">II", _FIRST_SECOND + n // 1000, n * 1_000_000 % 1_000_000_000))


def _record(n: int) -> dict[str, str]:
    return {
        "container_id": _CONTAINER,
        "container_name": f"/ecs-web-42-app-{n % 7}",
        "source": "stdout",
        "log": _line(n),
    }


def _line(n: int) -> str:
    return (
        f'10.0.{n % 255}.{n % 199} - - [14/Nov/2023:22:13:20 +0000] "GET /api/v1/items/{n} HTTP/1.1" 200 {n % 9999} '
        '"-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"'
    )
