"""Records to rows of the uplink. Pure.

A record's text, container and stream are looked for under the names that syslog parsers and Docker's log driver use;
every other field becomes an attribute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from outrider.formats import json
from outrider.model.batch import Batch, Record
from outrider.protocols.syslog.names import SEVERITIES
from outrider.protocols.uplink import Row

ROWS_MAX: Final = 10_000
"""Rows of one batch on the wire; the server takes up to 50,000."""

_ID_DIGITS: Final = 32
_MESSAGE: Final = ("message", "log", "msg")
_CONTAINER: Final = ("ident", "container_name")
_CONTAINER_ID: Final = ("host", "container_id")
_STREAM: Final = ("source", "stream")
_NAMED: Final = frozenset({*_MESSAGE, *_CONTAINER, *_CONTAINER_ID, *_STREAM, "pri"})


def parts(batch: Batch, task: str) -> Iterator[tuple[str, list[Row]]]:
    """Batch id and rows of each part; the same records always give the same ids and parts."""
    rows = [row(time, record, batch.tag, task) for time, record in zip(batch.times, batch.records, strict=True)]
    for number, start in enumerate(range(0, len(rows), ROWS_MAX)):
        yield part_id(batch.id, number), rows[start : start + ROWS_MAX]


def part_id(chunk: str, number: int) -> str:
    """32 hex digits that name a part of a chunk, or of the rest of one (whose id is longer)."""
    if number == 0 and len(chunk) == _ID_DIGITS:
        return chunk
    return hashlib.blake2b(f"{chunk}:{number}".encode(), digest_size=16).hexdigest()


def row(time: int, record: Record, tag: str, task: str) -> Row:
    """One record as a row."""
    if record.keys() <= _SYSLOG and "message" in record and set(map(type, record.values())) == _TEXTS:
        # the shape that the agent's own listener makes
        get = record.get
        attrs = {"pid": record["pid"]} if "pid" in record else {}
        return Row(
            time,
            tag,
            get("ident", "").lstrip("/"),
            get("host", ""),
            task,
            "",
            _severity(get("pri")),
            record["message"],
            attrs,
        )
    return Row(
        ts_ns=time,
        tag=tag,
        container=_first(record, _CONTAINER).lstrip("/"),
        container_id=_first(record, _CONTAINER_ID),
        task=task,
        stream=_first(record, _STREAM),
        severity=_severity(record.get("pri")),
        message=_first(record, _MESSAGE) or _whole(record),
        attrs={str(key): _text(value) for key, value in record.items() if key not in _NAMED},
    )


_SYSLOG: Final = {"pri", "host", "ident", "pid", "message"}
_TEXTS: Final = {str}


def _first(record: Record, names: tuple[str, ...]) -> str:
    for name in names:
        if name in record:
            return _text(record[name])
    return ""


def _whole(record: Record) -> str:
    return (
        ""
        if any(name in record for name in _MESSAGE)
        else json.encode(record, escape_unicode=False).decode("utf-8", "replace")
    )


def _severity(priority: Any) -> str:
    if isinstance(priority, str) and priority.isdecimal() and len(priority) <= 3:
        return SEVERITIES[int(priority) % 8]
    return ""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return json.encode(value, escape_unicode=False).decode("utf-8", "replace")
