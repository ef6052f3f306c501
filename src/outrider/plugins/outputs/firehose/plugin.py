"""The firehose output: up to 500 records a call; only those that were not taken are sent again."""

from __future__ import annotations

from outrider.aws.outcome import Outcome
from outrider.aws.put_records import FIREHOSE, PutRecords
from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.pipeline.common.aws_output import aws_client, delivery
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.firehose.config import Options
from outrider.plugins.outputs.firehose.format import form_of


class Firehose(Output[Options]):
    """Sends records to a delivery stream."""

    Options = Options
    concurrency = 2

    def check(self) -> None:
        """See Output."""
        if not self.options.delivery_stream:
            raise UserError("delivery_stream is required", fix="set delivery_stream")
        self._form = form_of(self.options)
        client = aws_client(self.core, self.options, "firehose")
        self._put = PutRecords(client, FIREHOSE, self.options.delivery_stream)

    async def start(self) -> None:
        """See Output."""
        self._put.warm()

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        outcome = Outcome()
        await self._put.put(self._form.items(batch.times, batch.records, outcome.dropped), outcome)
        return delivery(batch, outcome)

    async def stop(self) -> None:
        """See Output."""
        await self._put.close()
