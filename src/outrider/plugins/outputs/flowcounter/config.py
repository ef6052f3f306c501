"""Options of the flowcounter output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    unit: Literal["second", "minute", "hour", "day"] = option("minute", "length of the spans that are counted")
    event_based: bool = option(False, "count by the records' times, not by the time of their coming")
