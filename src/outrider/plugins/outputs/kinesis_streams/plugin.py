"""The kinesis_streams output: up to 500 records a call; only those that were not taken are sent again."""

from __future__ import annotations

import secrets

from outrider.aws.data_records import Item
from outrider.aws.put_records import STREAMS, PutRecords
from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.pipeline.common.aws_output import RecordsOutput, aws_client
from outrider.plugins.outputs.kinesis_streams.config import Options
from outrider.plugins.outputs.kinesis_streams.format import form_of, partition_key


class KinesisStreams(RecordsOutput[Options]):
    """Sends records to a stream."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        if not self.options.stream:
            raise UserError("stream is required", fix="set stream")
        self._form = form_of(self.options, escape_unicode=self.context.escape_unicode)
        client = aws_client(self.core, self.options, "kinesis")
        self._instance = secrets.token_hex(5)
        self._put = PutRecords(client, STREAMS, self.options.stream)

    def keyed(self, batch: Batch, items: list[Item]) -> tuple[list[Item], list[str] | None]:
        """See RecordsOutput."""
        return items, [partition_key(self._instance, item.data) for item in items]
