"""Options of the opensearch output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.common.bulk_output import BulkOptions


@dataclass(frozen=True, kw_only=True)
class Options(BulkOptions):
    """All of them are those that it shares with es."""
