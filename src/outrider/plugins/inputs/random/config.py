"""Options of the random input."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Count, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    samples: int = option(-1, "stop after so many records; -1: never")
    interval_sec: Count = option(1, "seconds between records")
    interval_nsec: Count = option(0, "nanoseconds between records, added to interval_sec")
