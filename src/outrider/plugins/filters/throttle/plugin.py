"""The throttle filter: a record goes through while the window holds fewer than rate records an interval."""

from __future__ import annotations

import asyncio
import time

from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.throttle.config import Options
from outrider.plugins.filters.throttle.window import Window, interval


class Throttle(Filter[Options]):
    """Drops what is above the rate."""

    Options = Options

    def check(self) -> None:
        """See Filter."""
        options, found = self.options, Findings()
        if options.rate <= 0:
            found.error(UserError(f"rate must be more than 0, found {options.rate:g}"))
        if not 1 <= options.window <= 100_000:
            found.error(UserError(f"window must be from 1 to 100000, found {options.window}"))
        try:
            self._seconds = interval(options.interval)
        except ValueError as error:
            found.error(UserError(f"interval {error}"))
        found.raise_errors()
        self._window = Window(options.rate, options.window, self._seconds)

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        taken = self._window.take(len(batch), time.monotonic())
        del batch.times[taken:], batch.records[taken:]
        if batch.metadata is not None:
            del batch.metadata[taken:]

    async def run(self) -> None:
        """See Filter."""
        while self.options.print_status:
            await asyncio.sleep(self._seconds)
            window = self._window
            window.slide(time.monotonic())
            self.log.info(
                f"limit is {window.rate:0.2f} per {self.options.interval} with window size of {window.size},"
                f" current rate is: {window.total // window.size} per interval"
            )
