"""The counter output: one line of JSON a chunk. Source: Fluent Bit, whose total is the sum of its two counts."""

from __future__ import annotations

import time

from outrider.model.batch import Batch
from outrider.net.console import print_whole
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.counter.config import Options


class Counter(Output[Options]):
    """Counts records."""

    Options = Options

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        count = len(batch)
        line = f'{{"ts":{time.time():.6f},"serialized_events":{count},"log_records":{count},"total":{2 * count}}}\n'
        await print_whole(line.encode())
        return Delivery(count)
