"""Batches to ExportLogsServiceRequest, and what the answer says. Pure.

Field numbers are those of opentelemetry-proto 1.x: ``logs/v1/logs.proto``, ``common/v1/common.proto`` and
``collector/logs/v1/logs_service.proto``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, Final

from outrider.formats import json
from outrider.formats import protobuf as pb
from outrider.formats.accessor import MISSING, accessor
from outrider.model.batch import Batch, Record
from outrider.plugins.outputs.opentelemetry.config import Options

_DEPTH_MAX: Final = 32
_ONE_BYTE_SIZES: Final = 126
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")
_RESOURCE: Final = pb.block(1, b"")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_INT64: Final = range(-(1 << 63), 1 << 63)
Get = Callable[[Record], Any]
Sources = Sequence[tuple[bool, Get]]
"""Where a value may be: in the metadata (True) or the record; the first that has it counts."""


class Encoder:
    """The encoder that the options ask for. Raises ValueError for fields that are named wrongly."""

    def __init__(self, options: Options) -> None:
        self._bodies = [(text, accessor(text)) for text in options.logs_body_key or ("$log", "$message")]
        self._rest = options.logs_body_key_attributes
        self._own = options.logs_metadata_key

        def sources(own: str, metadata: str, field: str = "") -> Sources:
            found = [(True, accessor(f"${self._own}['{own}']")), (True, accessor(metadata))]
            return [*found, (False, accessor(field))] if field else found

        o = options
        self._observed = sources("observed_timestamp", o.logs_observed_timestamp_metadata_key)
        self._time = sources("timestamp", o.logs_timestamp_metadata_key)
        self._number = sources(
            "severity_number", o.logs_severity_number_metadata_key, o.logs_severity_number_message_key
        )
        self._text = sources("severity_text", o.logs_severity_text_metadata_key, o.logs_severity_text_message_key)
        self._trace = sources("trace_id", o.logs_trace_id_metadata_key, o.logs_trace_id_message_key)
        self._span = sources("span_id", o.logs_span_id_metadata_key, o.logs_span_id_message_key)
        self._flags = sources("trace_flags", o.logs_trace_flags_metadata_key)
        self._attributes = sources("attributes", o.logs_attributes_metadata_key)

    def encode(self, batch: Batch, start: int, stop: int) -> bytes:
        """The request for the records from ``start`` to before ``stop``."""
        metadata: Sequence[Record] = batch.metadata or [{}] * len(batch)
        logs = [
            pb.block(2, self._record(time, record, meta))
            for time, record, meta in zip(
                batch.times[start:stop], batch.records[start:stop], metadata[start:stop], strict=True
            )
        ]
        return pb.block(1, _RESOURCE + pb.block(2, b"".join(logs)))

    def _record(self, time: int, record: Record, meta: Record) -> bytes:
        body, path = next(
            ((value, text) for text, get in self._bodies if (value := get(record)) is not MISSING), (record, "")
        )
        parts = []
        if meta:
            own = _first(self._time, meta, record, _is_time)
            time = time if own is None else own
        parts.append(pb.fixed64(1, max(time, 0)))
        severity = _first(self._number, meta, record, _is_severity)
        if severity is not None:
            parts.append(pb.number(2, severity))
        text = _first(self._text, meta, record, _is_text)
        if text is not None:
            parts.append(pb.block(3, _utf8(text)))
        parts.append(pb.block(5, any_value(body)))
        attributes = {key: value for key, value in meta.items() if key != self._own}
        if self._rest and path:
            attributes |= _without(record, path)
        if meta:
            attributes |= _first(self._attributes, meta, record, _is_map) or {}
        parts += [pb.block(6, _pair(key, value, 0)) for key, value in attributes.items()]
        if meta:
            flags = _first(self._flags, meta, record, _is_time)
            if flags is not None:
                parts.append(pb.fixed32(8, flags))
        for field, sources, size in ((9, self._trace, 16), (10, self._span, 8)):
            found = _first(sources, meta, record, partial(_identifier, size=size))
            if found is not None:
                parts.append(pb.block(field, _identifier(found, size) or b""))
        if meta:
            observed = _first(self._observed, meta, record, _is_time)
            if observed is not None:
                parts.append(pb.fixed64(11, observed))
        return b"".join(parts)


def any_value(value: Any, depth: int = 0) -> bytes:
    """An AnyValue; what is nested too deeply becomes its JSON text."""
    kind = type(value)
    if kind is str:
        return pb.block(1, _utf8(value))
    if kind is bool:
        return pb.number(2, value)
    if kind is int:
        return pb.number(3, value) if value in _INT64 else pb.double(4, _float(value))
    if kind is float:
        return pb.double(4, value)
    if kind is bytes:
        return pb.block(7, value)
    if value is None:
        return b""
    if kind is dict and depth < _DEPTH_MAX:
        return pb.block(6, b"".join([pb.block(1, _pair(key, member, depth + 1)) for key, member in value.items()]))
    if kind in (list, tuple) and depth < _DEPTH_MAX:
        return pb.block(5, b"".join([pb.block(1, any_value(item, depth + 1)) for item in value]))
    return pb.block(1, json.encode(value, escape_unicode=False))


def rejected(body: bytes) -> tuple[int, str]:
    """How many records an ExportLogsServiceResponse says were refused, and why. Raises ValueError."""
    count, reason = 0, ""
    for field, value in pb.fields(body):
        if field == 1 and isinstance(value, bytes):
            for inner, member in pb.fields(value):
                if inner == 1 and isinstance(member, int):
                    count = member if member < 1 << 63 else 0
                elif inner == 2 and isinstance(member, bytes):
                    text = member[:800].decode("utf-8", "replace")
                    reason = "".join([c if c.isprintable() else " " for c in text])[:200]
    return count, reason


def _first(sources: Sources, meta: Record, record: Record, good: Callable[[Any], object]) -> Any:
    for in_metadata, get in sources:
        if in_metadata and not meta:
            continue
        value = get(meta if in_metadata else record)
        if value is not MISSING and good(value):
            return value
    return None


def _is_time(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_severity(value: Any) -> bool:
    return type(value) is int and 1 <= value <= 24


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_map(value: Any) -> bool:
    return type(value) is dict


def _identifier(value: Any, size: int) -> bytes | None:
    """A trace or span id: so many bytes, or hexadecimal text of up to that size, filled with zeros."""
    if type(value) is bytes:
        return value if len(value) == size else None
    if type(value) is str and len(value) <= 2 * size and _HEX.fullmatch(value):
        return bytes.fromhex(value).ljust(size, b"\0")
    return None


def _pair(key: Any, value: Any, depth: int) -> bytes:
    """A KeyValue."""
    head = _name(key) if type(key) is str else pb.block(1, json.encode(key, escape_unicode=False))
    if type(value) is str:
        text = _utf8(value)
        size = len(text)
        if size < _ONE_BYTE_SIZES:
            return b"%b\x12%c\x0a%c%b" % (head, size + 2, size, text)  # most members are short texts
    return head + pb.block(2, any_value(value, depth))


@lru_cache(maxsize=4096)
def _name(key: str) -> bytes:
    return pb.block(1, _utf8(key))


def _utf8(text: str) -> bytes:
    """Strings of protobuf are UTF-8: what is not becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _without(record: Record, path: str) -> Iterable[tuple[Any, Any]]:
    """The fields beside the one that the path names; of a nested one, the whole field is the body's."""
    head = path.removeprefix("$").partition("[")[0]
    return [(key, value) for key, value in record.items() if key != head]
