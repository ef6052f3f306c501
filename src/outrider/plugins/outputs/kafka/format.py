"""Batches to messages of Kafka: value, key and topic of each record. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from outrider.formats import gelf, json, msgpack, payload
from outrider.formats.accessor import field
from outrider.formats.stamps import NANOSECONDS, iso
from outrider.model.batch import Batch
from outrider.plugins.outputs.kafka.config import Options

_TOPIC: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
DYNAMIC_MAX: Final = 1000
"""Topics that records may name, so that a sender cannot make them without end."""


class Messages:
    """What the options make of records. ``missing`` says why a record has no message."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._roles = gelf.Fields(
            options.gelf_timestamp_key,
            options.gelf_host_key,
            options.gelf_short_message_key,
            options.gelf_full_message_key,
            options.gelf_level_key,
        ).roles()
        self._raw = field(options.raw_log_key)
        self._key = field(options.message_key_field) if options.message_key_field else None
        self._topic = field(options.topic_key) if options.topic_key else None
        self._known = set(options.topics)
        self.missing = (
            "the record has no text in raw_log_key"
            if options.format == "raw"
            else "the record has no short message for GELF"
        )

    def values(self, batch: Batch, *, escape_unicode: bool) -> Sequence[bytes | None]:
        """The message of each record; None where it has none."""
        key = self._options.timestamp_key
        match self._options.format:
            case "json":
                return json.encode_each(batch.records, [(key, self._times(batch.times))], escape_unicode=escape_unicode)
            case "msgpack":
                return [
                    msgpack.encode({key: time, **record} if key not in record else record)
                    for time, record in zip(self._plain_times(batch.times), batch.records, strict=True)
                ]
            case "gelf":
                return [
                    gelf.encode(time, record, self._roles, escape_unicode=escape_unicode)
                    for time, record in zip(batch.times, batch.records, strict=True)
                ]
            case _:
                return [payload.text_of(self._raw(record)) for record in batch.records]

    def keys(self, batch: Batch) -> Sequence[bytes | None]:
        """The key of each message."""
        fixed = payload.text_of(self._options.message_key) or None
        if self._key is None:
            return [fixed] * len(batch)
        return [
            payload.text_of(value) if isinstance(value := self._key(record), str) else fixed for record in batch.records
        ]

    def topics(self, batch: Batch) -> Sequence[str]:
        """The topic of each message."""
        default = self._options.topics[0]
        if self._topic is None:
            return [default] * len(batch)
        return [self._chosen(self._topic(record), default) for record in batch.records]

    def _chosen(self, name: Any, default: str) -> str:
        if not isinstance(name, str):
            return default
        if name in self._known:
            return name
        room = len(self._known) < DYNAMIC_MAX + len(self._options.topics)
        if self._options.dynamic_topic and room and _TOPIC.fullmatch(name):
            self._known.add(name)
            return name
        return default

    def _times(self, times: Sequence[int]) -> list[bytes]:
        if self._options.timestamp_format == "double":
            return [json.format_float(time / NANOSECONDS).encode() for time in times]
        return [b'"%b"' % str(text).encode() for text in self._plain_times(times)]

    def _plain_times(self, times: Sequence[int]) -> Sequence[float | str]:
        match self._options.timestamp_format:
            case "double":
                return [time / NANOSECONDS for time in times]
            case "iso8601":
                return [f"{iso(time // NANOSECONDS)}.{time % NANOSECONDS // 1000:06d}Z" for time in times]
            case _:
                return [f"{iso(time // NANOSECONDS)}.{time % NANOSECONDS:09d}Z" for time in times]
