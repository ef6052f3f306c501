"""The head input."""

from __future__ import annotations

import os
import time

from outrider.model.errors import UserError
from outrider.net.ticker import Ticker
from outrider.pipeline.plugin import Input, Intake
from outrider.plugins.inputs.head.config import Options
from outrider.plugins.inputs.head.record import record_of


class Head(Input[Options]):
    """Reads the beginning of a file at a steady rate: for what the kernel shows as files."""

    Options = Options
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        self._seconds = self.options.interval_sec + self.options.interval_nsec / 1e9
        if not self.options.file:
            raise UserError("file is missing", fix="set File")
        if not self._seconds:
            raise UserError("interval_sec and interval_nsec are both 0")

    async def start(self, intake: Intake) -> None:
        """See Input."""
        self._intake = intake
        self._ticker = Ticker(self._seconds, self._make)

    async def stop(self) -> None:
        """See Input."""
        self._ticker.stop()

    def _make(self) -> None:
        if self._intake.full:
            return
        try:
            descriptor = os.open(self.options.file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                text = os.read(descriptor, self.options.buf_size)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.log.warn(f"cannot read {self.options.file}: {error.strerror}")
            return
        self._intake.append_records(
            self.core.tag or self.context.name, [time.time_ns()], [record_of(text, self.options)]
        )
