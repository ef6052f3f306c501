"""Batches to bodies for the http output. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from outrider.formats import gelf, json, payload
from outrider.formats.accessor import MISSING
from outrider.model.batch import Batch, Record
from outrider.plugins.outputs.http.config import Options

CONTENT_TYPES: Final = {
    "json": "application/json",
    "json_lines": "application/x-ndjson",
    "json_stream": "application/x-ndjson",
    "msgpack": "application/msgpack",
    "gelf": "application/json",
}


def fields(options: Options) -> gelf.Fields:
    """The roles of GELF."""
    return gelf.Fields(
        options.gelf_timestamp_key,
        options.gelf_host_key,
        options.gelf_short_message_key,
        options.gelf_full_message_key,
        options.gelf_level_key,
    )


def encode(batch: Batch, options: Options, *, escape_unicode: bool) -> tuple[bytes, list[int]]:
    """The body, and the places of the records that have no form in it."""
    if options.format == "msgpack":
        return payload.encode_events(batch), []
    if options.format == "gelf":
        roles = fields(options).roles()
        lines = [
            gelf.encode(time, record, roles, escape_unicode=escape_unicode)
            for time, record in zip(batch.times, batch.records, strict=True)
        ]
        good = [line for line in lines if line is not None]
        return b"\n".join([*good, b""]), [place for place, line in enumerate(lines) if line is None]
    key, form = options.json_date_key, options.json_date_format
    return payload.encode_json(batch, options.format, key, form, escape_unicode=escape_unicode), []


def finite_numbers(batch: Batch, form: str) -> Batch | None:
    """The batch with null for each NaN and infinity, which strict servers refuse; None where it would be the same."""
    if not form.startswith("json"):
        return None
    records = [json.finite(record) for record in batch.records]
    if all(clean is record for clean, record in zip(records, batch.records, strict=True)):
        return None
    return Batch(batch.tag, batch.times, records, batch.metadata, batch.id, batch.source)


def own_request(
    record: Record, body: Callable[[Record], Any], headers: Callable[[Record], Any]
) -> tuple[bytes, list[tuple[str, str]]] | None:
    """Body and headers that a record brings; None where it has no body."""
    data = payload.text_of(body(record))
    if data is None:
        return None
    given = headers(record)
    if given is MISSING or not isinstance(given, dict):
        return data, []
    return data, [(k, v) for k, v in given.items() if isinstance(k, str) and isinstance(v, str)]
