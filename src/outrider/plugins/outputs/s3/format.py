"""Batches to lines, and what is said about objects. Pure."""

from __future__ import annotations

import hashlib
from typing import Final

from outrider.formats import json
from outrider.model.batch import Batch
from outrider.plugins.outputs.s3.config import Options

_NO_DATE: Final = frozenset({"false", "off", "no"})
_NAME: Final = 16


def encode(batch: Batch, options: Options, *, escape_unicode: bool) -> tuple[bytes, int]:
    """The lines of a batch and how many there are: all of its records, or with ``log_key`` those that have the key."""
    if options.log_key:
        key = options.log_key
        lines = [_text(record[key], escape_unicode) for record in batch.records if key in record]
        return (b"\n".join([*lines, b""]) if lines else b""), len(lines)
    date = None if options.json_date_key.lower() in _NO_DATE else options.json_date_key
    form = options.json_date_format or "iso8601"
    lines_ = json.encode_lines(batch.times, batch.records, date, form, escape_unicode=escape_unicode)
    return lines_, len(batch)


def batch_name(batch_id: str) -> bytes:
    """The id of a batch in 16 bytes; none where it has none. That of a rest is another one than that of the whole."""
    try:
        name = bytes.fromhex(batch_id)
    except ValueError:
        name = b""
    if len(name) == _NAME or not batch_id:
        return name
    return hashlib.blake2b(batch_id.encode("utf-8", "surrogateescape"), digest_size=_NAME).digest()


def _text(value: object, escape_unicode: bool) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return value if isinstance(value, bytes) else json.encode(value, escape_unicode=escape_unicode)


def object_headers(options: Options, compression: str) -> list[tuple[str, str]]:
    """What is said about an object when it is put, or when its upload in parts begins."""
    wanted = [
        ("Content-Type", options.content_type),
        ("Content-Encoding", "" if compression == "none" else compression),
        ("x-amz-acl", options.canned_acl),
        ("x-amz-storage-class", options.storage_class),
    ]
    return [(name, value) for name, value in wanted if value]
