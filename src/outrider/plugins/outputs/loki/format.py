"""Batches to push requests of Loki. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from outrider.formats import json
from outrider.formats.accessor import accessor
from outrider.model.batch import Batch
from outrider.plugins.outputs.loki.config import Options
from outrider.plugins.outputs.loki.labels import Pairs, Reader, map_entries, name_of_field, pairs_of
from outrider.plugins.outputs.loki.lines import Lines

_DEFAULT: Final = [("job", "fluent-bit")]


class Streams:
    """The encoder that the options ask for. ``label_map`` is the text of the file. Raises ValueError."""

    def __init__(self, options: Options, label_map: bytes | None = None) -> None:
        entries = pairs_of(options.labels)
        entries += [(name_of_field(field), field) for field in map(_field, options.label_keys)]
        if label_map is not None:
            entries += map_entries(msgspec.json.decode(label_map))
        kubernetes = ["$kubernetes['labels']"] if options.auto_kubernetes_labels else []
        self._labels = Reader(entries, kubernetes, clean=True)
        self._details = None
        if options.structured_metadata or options.structured_metadata_map_keys:
            self._details = Reader(
                pairs_of(options.structured_metadata), [_field(text) for text in options.structured_metadata_map_keys]
            )
        removed = [f"${key}" if not key.startswith("$") else key for key in options.remove_keys]
        if removed:
            removed += [text for _, text in entries if text.startswith("$")]
        self._lines = Lines(
            removed,
            key_value=options.line_format == "key_value",
            single=options.drop_single_key in ("on", "true", "yes", "raw"),
            raw=options.drop_single_key == "raw",
        )
        self._tenant = accessor(options.tenant_id_key) if options.tenant_id_key else None

    def tenants(self, batch: Batch) -> dict[str, list[int]]:
        """The places of the records of each tenant; an empty name where they tell none."""
        if self._tenant is None:
            return {"": list(range(len(batch)))}
        found: dict[str, list[int]] = {}
        for number, record in enumerate(batch.records):
            value = self._tenant(record)
            found.setdefault(value if isinstance(value, str) else "", []).append(number)
        return found

    def encode(self, batch: Batch, *, escape_unicode: bool) -> bytes:
        """The body: records with the same labels are one stream."""
        lines = self._lines.encode(batch.records, escape_unicode=escape_unicode)
        if self._details is None:
            values = [b'["%d",%b]' % pair for pair in zip(batch.times, lines, strict=True)]
        else:
            details = [_map(pairs, escape_unicode) for pairs in map(self._details.bind(batch.tag), batch.records)]
            values = [b'["%d",%b,%b]' % three for three in zip(batch.times, lines, details, strict=True)]
        streams = [
            b'{"stream":%b,"values":[%b]}' % (_map(list(pairs) or _DEFAULT, escape_unicode), b",".join(members))
            for pairs, members in self._grouped(self._labels.bind(batch.tag), batch, values)
        ]
        return b'{"streams":[%b]}' % b",".join(streams)

    def _grouped(
        self, labels: Pairs, batch: Batch, values: list[bytes]
    ) -> list[tuple[Sequence[tuple[str, str]], list[bytes]]]:
        if not self._labels.of_record:
            return [(labels({}), values)]
        found: dict[tuple[tuple[str, str], ...], list[bytes]] = {}
        for pairs, value in zip(map(labels, batch.records), values, strict=True):
            found.setdefault(tuple(pairs), []).append(value)
        return list(found.items())


def _map(pairs: Sequence[tuple[str, str]], escape_unicode: bool) -> bytes:
    return json.encode(dict(pairs), escape_unicode=escape_unicode)


def _field(text: str) -> str:
    if not text.startswith("$"):
        raise ValueError(f"'{text}' is no field; write ${text}")
    return text
