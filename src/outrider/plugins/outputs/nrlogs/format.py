"""Batches to New Relic's JSON. Pure."""

from __future__ import annotations

from typing import Any, Final

from outrider.formats import json
from outrider.model.batch import Batch, Record

_HEAD: Final = b'[{"common":{"attributes":{"plugin":{"type":"Fluent Bit","version":"5.1.1"}}},"logs":['
_MILLISECOND: Final = 1_000_000


def encode(batch: Batch, *, escape_unicode: bool) -> bytes:
    """One object for the batch: ``log``, or else ``message``, is the message, all other fields are attributes."""
    times = [b"%d" % (time // _MILLISECOND) for time in batch.times]
    records = [_entry(record) for record in batch.records]
    return b"%b%b]}]" % (
        _HEAD,
        b",".join(json.encode_each(records, [("timestamp", times)], escape_unicode=escape_unicode, strict=True)),
    )


def _entry(record: Record) -> dict[str, Any]:
    for key in ("log", "message"):
        if key in record:
            return {"message": record[key], "attributes": {k: v for k, v in record.items() if k != key}}
    return {"attributes": record}
