"""Options of the content_modifier processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    action: Literal["", "insert", "upsert", "delete", "rename", "hash", "extract", "convert"] = option(
        "", "what is done to the field"
    )
    context: Literal["body", "message", "record", "metadata", "attributes"] = option(
        "body", "where the field is: in the record, or in its metadata"
    )
    key: str = option("", "key of the field")
    value: str = option("", "insert and upsert: the field's value; rename: its new key")
    pattern: str = option("", "extract: regular expression whose named groups become fields")
    converted_type: Literal["", "string", "boolean", "int", "double"] = option("", "convert: the new type")
