"""Batches to events of Splunk's HTTP Event Collector. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from outrider.formats import json, words
from outrider.formats.accessor import MISSING, accessor
from outrider.formats.stamps import NANOSECONDS
from outrider.formats.templates import Compose, Template
from outrider.model.batch import Batch, Record
from outrider.plugins.outputs.splunk.config import Options


class Events:
    """The encoder that the options ask for. Raises ValueError for fields that are named wrongly."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._event = Template(options.event_key) if options.event_key else None
        self._host = Template(options.event_host) if options.event_host else None
        self._source = Template(options.event_source) if options.event_source else None
        self._kind = Template(options.event_sourcetype_key) if options.event_sourcetype_key else None
        self._index = Template(options.event_index_key) if options.event_index_key else None
        self._fields: list[tuple[str, Callable[[Record], Any]]] = []
        for text in options.event_field:
            pair = words.split_quoted(text, 1)
            if len(pair) != 2:
                raise ValueError(f"event_field '{text}' has no field; write: event_field NAME $FIELD")
            self._fields.append((pair[0], accessor(pair[1])))

    def encode(self, batch: Batch, *, escape_unicode: bool) -> bytes:
        """One object after another; in raw mode each with a line end."""
        records: Sequence[Any] = batch.records
        if self._event is None:
            events = json.encode_each(records, escape_unicode=escape_unicode, strict=True)
        else:
            compose = self._event.bind(batch.tag)
            records = [compose(record, None) or record for record in records]
            events = [json.encode(json.finite(event), escape_unicode=escape_unicode) for event in records]
        if self._options.splunk_send_raw:
            return b"\n".join([*events, b""])
        heads = self._heads(batch, escape_unicode)
        if self._options.auto_extract_timestamp:
            return b"".join([b'{%b"event":%b}' % (head, event) for head, event in zip(heads, events, strict=True)])
        times = [json.format_float(time / NANOSECONDS).encode() for time in batch.times]
        return b"".join(
            [
                b'{"time":%b,%b"event":%b}' % (time, head, event)
                for time, head, event in zip(times, heads, events, strict=True)
            ]
        )

    def _heads(self, batch: Batch, escape_unicode: bool) -> list[bytes]:
        """The members between time and event, each with a comma behind."""
        options = self._options
        members: list[tuple[str, Compose | None, str]] = [
            ("host", self._host.bind(batch.tag) if self._host else None, ""),
            ("source", self._source.bind(batch.tag) if self._source else None, ""),
            ("sourcetype", self._kind.bind(batch.tag) if self._kind else None, options.event_sourcetype),
            ("index", self._index.bind(batch.tag) if self._index else None, options.event_index),
        ]
        if not self._fields and not any(compose for _, compose, _ in members):
            return [_members({key: text for key, _, text in members if text}, escape_unicode)] * len(batch)
        heads = []
        for record in batch.records:
            found: dict[str, Any] = {}
            for key, compose, text in members:
                if value := (compose(record, None) if compose else "") or text:
                    found[key] = value
            if self._fields:
                values = {name: get(record) for name, get in self._fields}
                found["fields"] = {name: value for name, value in values.items() if value is not MISSING}
            heads.append(_members(found, escape_unicode))
        return heads


def _members(found: dict[str, Any], escape_unicode: bool) -> bytes:
    return json.encode(json.finite(found), escape_unicode=escape_unicode)[1:-1] + b"," if found else b""
