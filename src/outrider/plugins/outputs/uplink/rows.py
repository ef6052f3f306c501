"""Records to rows of the uplink. Pure.

A record's text, container, stream and severity are looked for under the names that syslog parsers, Docker's log driver
and applications use; every other field becomes an attribute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator
from typing import Any, Final

from outrider.formats import json
from outrider.model.batch import Batch, Record
from outrider.protocols.syslog.names import SEVERITIES
from outrider.protocols.uplink import Row
from outrider.protocols.uplink.severities import NAMES

ROWS_MAX: Final = 10_000
"""Rows of one batch on the wire; the server takes up to 50,000."""

_ID_DIGITS: Final = 32
_MESSAGE: Final = ("message", "log", "msg")
_CONTAINER: Final = ("container_name", "ident")
_CONTAINER_ID: Final = ("container_id", "host")
_STREAM: Final = ("source", "stream")
_STREAMS: Final = ("stdout", "stderr")
_SEVERITY: Final = ("severity", "level")


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
    left = dict(record)
    severity = _severity(left.pop("pri", None)) or _take_known(left, _SEVERITY, NAMES)
    stream = _take_known(left, _STREAM, _STREAMS)
    container, container_id = _take(left, _CONTAINER).lstrip("/"), _take(left, _CONTAINER_ID)
    has_message = any(name in left for name in _MESSAGE)
    message = _take(left, _MESSAGE) if has_message else _text(record)
    attrs = {str(key): _text(value) for key, value in left.items()}
    return Row(time, tag, container, container_id, task, stream, severity, message, attrs)


_SYSLOG: Final = {"pri", "host", "ident", "pid", "message"}
_TEXTS: Final = {str}


def _take(left: Record, names: Iterable[str]) -> str:
    """The first of these fields, which is not left then; empty where there is none."""
    for name in names:
        if name in left:
            return _text(left.pop(name))
    return ""


def _take_known(left: Record, names: Iterable[str], known: Container[str]) -> str:
    """The same of fields whose text, in any case of letters, is one of ``known``."""
    for name in names:
        value = left.get(name)
        if isinstance(value, str) and value.lower() in known:
            return _take(left, (name,))
    return ""


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
