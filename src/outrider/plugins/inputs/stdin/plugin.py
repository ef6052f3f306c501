"""The stdin input."""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

from outrider.model.batch import Record
from outrider.net.descriptor import DescriptorReader
from outrider.pipeline.plugin import Input, Intake
from outrider.plugins.inputs.stdin.config import Options
from outrider.plugins.inputs.stdin.records import Records

STDIN: Final = 0


class Stdin(Input[Options]):
    """Reads standard input to its end, and ends the pipeline then."""

    Options = Options
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        options = self.options
        parser = self.context.library.parser(options.parser) if options.parser else None
        self._records = Records(parser, options.buffer_size)
        self._tag = self.core.tag or self.context.name

    async def start(self, intake: Intake) -> None:
        """See Input."""
        self._intake = intake
        self._has_ended = False
        self._reader = DescriptorReader(STDIN, self._take, self._end)
        intake.on_room(self._reader.pause, self._reader.resume)

    async def stop(self) -> None:
        """See Input."""
        if not self._has_ended:
            self._reader.rest()
            self._hand_in(*self._records.end(time.time_ns()))

    def _take(self, data: bytes) -> None:
        self._hand_in(*self._records.feed(data, time.time_ns()))

    def _end(self) -> None:
        self._has_ended = True
        self._hand_in(*self._records.end(time.time_ns()))
        self.log.info("end of standard input")
        self._intake.end()

    def _hand_in(self, times: list[int], records: list[Record], faults: list[str]) -> None:
        if records:
            self._intake.append_records(self._tag, times, records)
        for fault, count in Counter(faults).items():
            self._intake.lost(self._tag, count, fault)
            self.log.warn(f"{count} records are dropped: {fault}", about=fault)
