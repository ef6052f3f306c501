"""The stdout output."""

from __future__ import annotations

from outrider.model.batch import Batch
from outrider.net.console import print_whole
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.stdout.config import Options
from outrider.plugins.outputs.stdout.format import encode


class Stdout(Output[Options]):
    """Prints records; a reader that is slow delays this output alone."""

    Options = Options

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        await print_whole(encode(batch, self.options, escape_unicode=self.context.escape_unicode))
        return Delivery(len(batch))
