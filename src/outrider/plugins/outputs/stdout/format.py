"""Batches to bytes for the stdout output. Pure."""

from __future__ import annotations

from outrider.formats import json, text
from outrider.model.batch import Batch
from outrider.plugins.outputs.stdout.config import Options

_NO_DATE = ("false", "off", "no")


def encode(batch: Batch, options: Options, *, escape_unicode: bool) -> bytes:
    """What one batch looks like."""
    if options.format == "msgpack":
        return text.stdout_lines(batch.tag, batch.times, batch.records, batch.metadata)
    key = None if options.json_date_key.lower() in _NO_DATE else options.json_date_key
    form = {"json": json.encode_array, "json_lines": json.encode_lines, "json_stream": json.encode_stream}
    data = form[options.format](
        batch.times, batch.records, key, options.json_date_format, escape_unicode=escape_unicode
    )
    return data if options.format == "json_lines" else data + b"\n"
