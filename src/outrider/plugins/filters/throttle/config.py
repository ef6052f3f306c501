"""Options of the throttle filter."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    rate: float = option(
        1.0, "records an interval that go through, on average over the window; each process counts its own"
    )
    window: int = option(5, "intervals in the window")
    interval: str = option("1", "length of an interval: seconds, or a number with s, m, h or d")
    print_status: bool = option(False, "say limit and rate every interval")
