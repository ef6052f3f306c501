"""Batches to bytes for the tcp output. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outrider.formats import payload
from outrider.model.batch import Batch, Record
from outrider.plugins.outputs.tcp.config import Options


def encode(batch: Batch, options: Options, *, escape_unicode: bool) -> bytes:
    """What goes out for a batch."""
    if options.format == "msgpack":
        return payload.encode_events(batch)
    key, form = options.json_date_key, options.json_date_format
    return payload.encode_json(batch, options.format, key, form, escape_unicode=escape_unicode)


def raw_lines(batch: Batch, get: Callable[[Record], Any]) -> tuple[bytes, int]:
    """One field's text a line, and how many records have none."""
    texts = [payload.text_of(get(record)) for record in batch.records]
    found = [text for text in texts if text is not None]
    return b"\n".join([*found, b""]), len(texts) - len(found)
