"""The firehose output: up to 500 records a call; only those that were not taken are sent again."""

from __future__ import annotations

from outrider.aws.put_records import FIREHOSE, PutRecords
from outrider.model.errors import UserError
from outrider.pipeline.common.aws_output import RecordsOutput, aws_client
from outrider.plugins.outputs.firehose.config import Options
from outrider.plugins.outputs.firehose.format import form_of


class Firehose(RecordsOutput[Options]):
    """Sends records to a delivery stream."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        if not self.options.delivery_stream:
            raise UserError("delivery_stream is required", fix="set delivery_stream")
        self._form = form_of(self.options)
        client = aws_client(self.core, self.options, "firehose")
        self._put = PutRecords(client, FIREHOSE, self.options.delivery_stream)
