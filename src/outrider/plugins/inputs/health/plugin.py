"""The health input."""

from __future__ import annotations

import time

from outrider.model.batch import Record
from outrider.model.errors import UserError
from outrider.net.probe import probe
from outrider.net.ticker import Ticker
from outrider.pipeline.plugin import Input, Intake
from outrider.plugins.inputs.health.config import Options


class Health(Input[Options]):
    """Connects to Host and Port at a steady rate; one attempt at a time, given up after the interval."""

    Options = Options
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        self._seconds = self.options.interval_sec + self.options.interval_nsec / 1e9
        if not self._seconds:
            raise UserError("interval_sec and interval_nsec are both 0")
        if not self.core.host or not self.core.port:
            raise UserError("health needs Host and Port", fix="name the service to connect to")

    async def start(self, intake: Intake) -> None:
        """See Input."""
        self._intake = intake
        self._busy = self._stopped = False
        self._ticker = Ticker(self._seconds, self._try)

    async def stop(self) -> None:
        """See Input."""
        self._stopped = True
        self._ticker.stop()

    def _try(self) -> None:
        if not self._busy and not self._intake.full:
            self._busy = True
            probe(self.core.host, self.core.port, self._seconds, self._told)

    def _told(self, error: int) -> None:
        self._busy = False
        options = self.options
        if self._stopped or (options.alert and not error):
            return
        record: Record = {"alive": not error}
        if options.add_host:
            record["hostname"] = self.core.host
        if options.add_port:
            record["port"] = self.core.port
        if error:
            record["error"] = error
        self._intake.append_records(self.core.tag or self.context.name, [time.time_ns()], [record])
