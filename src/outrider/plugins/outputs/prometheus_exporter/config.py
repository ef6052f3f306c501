"""Options of the prometheus_exporter output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Repeated, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field. Match chooses metrics by their tag; records are not routed here."""

    add_label: Repeated = option((), "'NAME VALUE': a label that every metric gets")
    add_timestamp: bool = option(False, "write when each number was changed last")
