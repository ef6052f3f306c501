"""Options of the stdout output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import option

DateFormat = Literal[
    "double", "iso8601", "java_sql_timestamp", "epoch", "epoch_ms", "epoch_millis", "epoch_milliseconds"
]


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    format: Literal["msgpack", "json", "json_lines", "json_stream"] = option("msgpack", "form of the records")
    json_date_format: DateFormat = option("double", "form of the time in JSON")
    json_date_key: str = option("date", "key of the time in JSON; false: no time")
