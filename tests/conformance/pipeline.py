"""Checks of the pipeline at work: how often an output is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from unittest import mock

from tests.conformance.compare import Case, differs

from outrider.formats import values
from outrider.model.batch import Batch
from outrider.model.errors import PeerError
from outrider.pipeline import delivery
from outrider.pipeline.chunk import Chunk
from outrider.pipeline.ledger import Sent
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.options import OutputCore
from outrider.pipeline.plugin import Context, Delivery, Output


class _Refusing(Output[None]):
    """Fails each time and counts."""

    tries = 0

    async def send(self, batch: Batch) -> Delivery:
        self.tries += 1
        raise PeerError("refused")


async def _tries(limit: str) -> tuple[int, bool]:
    """How often an output is asked to take one record, and whether the record was dropped in the end."""
    log = Log(Sink(level=0), "check")
    plugin = _Refusing(None, OutputCore(), Context("refusing.0", log))
    ended = asyncio.Event()

    def finished(parcel: Any, output: Any) -> None:
        ended.set()

    retries = delivery.Retries(values.retry_limit(limit, log.warn), 1, 1)
    runner = delivery.OutputRunner(
        plugin, lambda tag: True, retries, 1, {}, finished, lambda: None, lambda parcel, batch, part: None
    )
    row = Sent(routed=1, buffered=1)
    batch = Batch("app", [0], [{}])
    chunk = Chunk("in", "app", "records", 0)
    chunk.pack(batch)
    runner.put(delivery.Parcel(chunk, row, 1, batch))
    with mock.patch.object(delivery, "wait_seconds", return_value=0):
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            worker = group.create_task(runner.run())
            await ended.wait()
            worker.cancel()
    return plugin.tries, row.dropped.total() == 1


def check_attempts(case: Case) -> str | None:
    return differs((case["deliveries_tried"], case["dropped"]), asyncio.run(_tries(case["retry_limit"])))


CHECKS: dict[str, Callable[[Case], str | None]] = {"retry_total_attempts": check_attempts}
