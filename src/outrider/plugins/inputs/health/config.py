"""Options of the health input; Host and Port name the service."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Count, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    alert: bool = option(False, "only say when it cannot be reached")
    add_host: bool = option(False, "add hostname")
    add_port: bool = option(False, "add port")
    interval_sec: Count = option(1, "seconds between attempts")
    interval_nsec: Count = option(0, "nanoseconds between attempts, added to interval_sec")
