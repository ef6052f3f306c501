"""Options of the exec input."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Count, Size, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    command: str = option("", "what the shell shall run")
    parser: str = option("", "parser for each line; what it cannot parse stays a line")
    interval_sec: Count = option(1, "seconds between runs; a run that takes longer is waited for")
    interval_nsec: Count = option(0, "nanoseconds between runs, added to interval_sec")
    buf_size: Size = option(4_096, "longest line in bytes; longer ones are left out")
    oneshot: bool = option(False, "run once, at the start")
    exit_after_oneshot: bool = option(False, "run once and end the pipeline")
    propagate_exit_code: bool = option(False, "not supported: the router's own status says how it went")
