"""The null output."""

from __future__ import annotations

from outrider.model.batch import Batch
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.null.config import Options


class Null(Output[Options]):
    """Takes everything and keeps nothing."""

    Options = Options

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        return Delivery(len(batch))
