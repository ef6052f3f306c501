"""Options of the stdin input."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Size, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    parser: str = option("", "parser for each line; default: JSON maps, or [time, map]")
    buffer_size: Size = option(16_000, "largest record in bytes")
