"""Options of the tcp output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.formats.payload import DateFormat
from outrider.pipeline.options import option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    format: Literal["msgpack", "json", "json_lines", "json_stream"] = option("msgpack", "form of the records")
    json_date_key: str = option("date", "key of the time in JSON; false: no time")
    json_date_format: DateFormat = option("double", "form of the time in JSON")
    raw_message_key: str = option("", "$field whose text is sent, one a line, instead of the record")
