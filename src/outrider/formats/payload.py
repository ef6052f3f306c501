"""A batch as one body: the formats that the http, tcp and kafka outputs have in common. Pure.

Source: Fluent Bit 5.1.1, ``src/flb_pack.c`` and ``plugins/out_http``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from outrider.formats import json, msgpack
from outrider.model.batch import Batch

JsonFormat = Literal["json", "json_lines", "json_stream"]
DateFormat = Literal[
    "double", "iso8601", "java_sql_timestamp", "epoch", "epoch_ms", "epoch_millis", "epoch_milliseconds"
]
NO_DATE: Final = frozenset({"false", "off", "no"})
"""Values of ``json_date_key`` that leave the date out."""

_LONE_SURROGATE: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_FORMS: Final[dict[str, Callable[..., bytes]]] = {
    "json": json.encode_array,
    "json_lines": json.encode_lines,
    "json_stream": json.encode_stream,
}


def encode_json(batch: Batch, form: str, date_key: str, date_format: str, *, escape_unicode: bool) -> bytes:
    """``form`` is one of JsonFormat; ``date_key`` may be one of NO_DATE."""
    key = None if date_key.lower() in NO_DATE else date_key
    return _FORMS[form](batch.times, batch.records, key, date_format, escape_unicode=escape_unicode)


def encode_events(batch: Batch) -> bytes:
    """Fluent Bit's own form, one value a record: ``[[time, metadata], record]``."""
    metadata: Sequence[Any] = batch.metadata or [{}] * len(batch)
    stamps = map(msgpack.event_time, batch.times)
    return b"".join(
        [
            msgpack.encode([[time, meta], record])
            for time, meta, record in zip(stamps, metadata, batch.records, strict=True)
        ]
    )


def text_of(value: Any) -> bytes | None:
    """The bytes of a text or binary value; None for anything else. A lone surrogate becomes U+FFFD."""
    if not isinstance(value, str):
        return value if isinstance(value, bytes) else None
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return _LONE_SURROGATE.sub("\ufffd", value).encode("utf-8", "surrogateescape")
