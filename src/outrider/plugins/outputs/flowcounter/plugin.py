"""The flowcounter output."""

from __future__ import annotations

import time
from typing import Final

from outrider.formats import msgpack
from outrider.model.batch import Batch
from outrider.net.console import print_whole
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.flowcounter.config import Options
from outrider.plugins.outputs.flowcounter.flow import Flow

_NANOSECONDS: Final = 1_000_000_000
_HEAD: Final = 13
"""Bytes of an event's time and empty metadata."""


class Flowcounter(Output[Options]):
    """Counts records and bytes over time."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        self._flow = Flow(self.options.unit, int(time.time()))

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        now = int(time.time())
        times = [ns // _NANOSECONDS for ns in batch.times] if self.options.event_based else [now] * len(batch)
        lines, late = self._flow.add(times, [len(msgpack.encode(record)) + _HEAD for record in batch.records])
        if late:
            self.log.warn(f"{late} records are out of range and are not counted", about="out of range")
        if lines:
            await print_whole(lines.encode())
        return Delivery(len(batch))
