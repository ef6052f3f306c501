"""Options of the dummy input."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Count, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    dummy: str = option('{"message":"dummy"}', "the record, as JSON")
    metadata: str = option("{}", "the record's metadata, as JSON")
    rate: int = option(1, "records a second")
    samples: Count = option(0, "stop after so many records; 0: never")
    copies: int = option(1, "records at each time")
    interval_sec: Count = option(0, "seconds between records, instead of rate")
    interval_nsec: Count = option(0, "nanoseconds between records, added to interval_sec")
    start_time_sec: int = option(-1, "time of the first record, seconds since the epoch")
    start_time_nsec: int = option(-1, "and nanoseconds")
    fixed_timestamp: bool = option(False, "every record has the start time")
    flush_on_startup: bool = option(False, "the first record comes at once")
    test_hang_on_exit: bool = option(False, "accepted")
