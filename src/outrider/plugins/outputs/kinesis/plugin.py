"""The kinesis output: up to 500 records a call; only those that were not taken are sent again."""

from __future__ import annotations

import secrets

from outrider.aws.aggregate import aggregate
from outrider.aws.data_records import Item
from outrider.aws.put_records import STREAMS, PutRecords
from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.pipeline.common.aws_output import RecordsOutput, aws_client
from outrider.plugins.outputs.kinesis.config import Options
from outrider.plugins.outputs.kinesis.format import form_of, partition_key


class Kinesis(RecordsOutput[Options]):
    """Sends records to a stream."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        if not self.options.stream:
            raise UserError("stream is required", fix="set stream")
        self._form = form_of(self.options)
        self._path = self.options.partition_key.split("->") if self.options.partition_key else []
        self._put = PutRecords(aws_client(self.core, self.options, "kinesis"), STREAMS, self.options.stream)

    def keyed(self, batch: Batch, items: list[Item]) -> tuple[list[Item], list[str] | None]:
        """See RecordsOutput."""
        keys = self._keys(batch, [item.places[0] for item in items])
        return aggregate(items, keys) if self.options.aggregation else (items, keys)

    def _keys(self, batch: Batch, places: list[int]) -> list[str]:
        """The records' own partition keys, or random ones: one a record, or one for all that are joined."""
        base = secrets.token_hex(8)
        if not self._path:
            return [base if self.options.aggregation else f"{base}{at}" for at in places]
        found = [partition_key(batch.records[at], self._path) for at in places]
        missing = found.count(None)
        if missing:
            self.log.warn(
                f"{missing} records have no text under partition_key '{self.options.partition_key}':"
                " they go to random shards",
                about="partition_key",
            )
        return [key or f"{base}{at}" for key, at in zip(found, places, strict=True)]
