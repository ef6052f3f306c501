"""Options of the null output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    format: str = option("", "accepted")
    json_date_format: str = option("", "accepted")
    json_date_key: str = option("", "accepted")
