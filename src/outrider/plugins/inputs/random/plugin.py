"""The random input."""

from __future__ import annotations

import os
import time

from outrider.model.errors import UserError
from outrider.net.ticker import Ticker
from outrider.pipeline.plugin import Input, Intake
from outrider.plugins.inputs.random.config import Options


class Random(Input[Options]):
    """A number of 64 bits at a steady rate."""

    Options = Options
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        self._seconds = self.options.interval_sec + self.options.interval_nsec / 1e9
        if not self._seconds:
            raise UserError("interval_sec and interval_nsec are both 0")

    async def start(self, intake: Intake) -> None:
        """See Input."""
        self._intake = intake
        self._made = 0
        self._ticker = Ticker(self._seconds, self._make)

    async def stop(self) -> None:
        """See Input."""
        self._ticker.stop()

    def _make(self) -> None:
        if self._intake.full:
            return
        if 0 <= self.options.samples <= self._made:
            self._ticker.stop()
            return
        self._made += 1
        record = {"rand_value": int.from_bytes(os.urandom(8), "big")}
        self._intake.append_records(self.core.tag or self.context.name, [time.time_ns()], [record])
