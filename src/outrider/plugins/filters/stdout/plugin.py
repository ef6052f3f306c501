"""The stdout filter: one line a record, in the stdout output's default form; the records go on as they are.

A reader that is slow does not hold up the records: what it has not taken waits in memory, up to a bound, and what
comes then is not printed.
"""

from __future__ import annotations

from typing import Final

from outrider.formats import text
from outrider.model.batch import Batch
from outrider.net.console import Printer
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.stdout.config import Options

_WAITING_MAX: Final = 8 << 20
_STOP_SECONDS: Final = 2.0


class Stdout(Filter[Options]):
    """Prints records."""

    Options = Options

    async def start(self) -> None:
        """See Filter."""
        self._printer = Printer(_WAITING_MAX, self.log.error)
        self._printer.start()

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        if not self._printer.put(text.stdout_lines(batch.tag, batch.times, batch.records, batch.metadata)):
            self.log.warn("standard output is not read fast enough: records pass without being printed")

    async def stop(self) -> None:
        """See Filter."""
        if not await self._printer.close(_STOP_SECONDS):
            self.log.warn("standard output is not read: the last records were not printed")
