"""The content_modifier processor: one action on one field of every record, or of its metadata."""

from __future__ import annotations

from outrider.model.batch import Batch
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.content_modifier.actions import action
from outrider.plugins.filters.content_modifier.config import Options


class ContentModifier(Filter[Options]):
    """Changes one field."""

    Options = Options

    def check(self) -> None:
        """See Filter."""
        self._action = action(self.options)

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        if self.options.context in ("body", "message", "record"):
            self._action(batch.records)
            return
        metadata = [{} for _ in batch.records] if batch.metadata is None else batch.metadata
        self._action(metadata)
        batch.metadata = metadata if any(metadata) else None
