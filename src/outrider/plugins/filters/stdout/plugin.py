"""The stdout filter: one line a record, in the stdout output's default form; the records go on as they are.

A reader that is slow does not hold up the records: what it has not taken waits in memory, up to a bound, and what
comes then is not printed.
"""

from __future__ import annotations

import asyncio
from typing import Final

from outrider.formats import text
from outrider.model.batch import Batch
from outrider.model.errors import LocalError
from outrider.net.console import print_whole
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.stdout.config import Options

_WAITING_MAX: Final = 8 << 20
_STOP_SECONDS: Final = 2.0


class Stdout(Filter[Options]):
    """Prints records."""

    Options = Options

    def check(self) -> None:
        """See Filter."""
        self._waiting: list[bytes] = []
        self._size = 0
        self._more = asyncio.Event()

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        if self._size > _WAITING_MAX:
            self.log.warn("standard output is not read fast enough: records pass without being printed")
            return
        data = text.stdout_lines(batch.tag, batch.times, batch.records, batch.metadata)
        self._waiting.append(data)
        self._size += len(data)
        self._more.set()

    async def run(self) -> None:
        """See Filter."""
        while True:
            await self._more.wait()
            self._more.clear()
            await self._print()

    async def stop(self) -> None:
        """See Filter."""
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._print()
        except TimeoutError:
            self.log.warn("standard output is not read: the last records were not printed")

    async def _print(self) -> None:
        while self._waiting:
            data, self._waiting, self._size = b"".join(self._waiting), [], 0
            try:
                await print_whole(data)
            except LocalError as error:
                self.log.error(str(error))
