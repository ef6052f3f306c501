"""The dummy input: a timer that makes records."""

from __future__ import annotations

import asyncio
import time

import msgspec

from outrider.model.batch import Record
from outrider.model.errors import UserError
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.plugin import Input, Intake
from outrider.plugins.inputs.dummy.config import Options

NANOSECONDS = 1_000_000_000


class Dummy(Input[Options]):
    """Makes the same record again and again."""

    Options = Options
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        found = Findings()
        for name, text in (("dummy", self.options.dummy), ("metadata", self.options.metadata)):
            with found.collecting():
                _object(name, text)
        for name, number in (("rate", self.options.rate), ("copies", self.options.copies)):
            if number < 1:
                found.error(UserError(f"{name} must be at least 1", key=name))
        if not 0 <= self.options.interval_nsec < NANOSECONDS:
            found.error(UserError("interval_nsec must be between 0 and 999999999"))
        found.raise_errors()

    async def start(self, intake: Intake) -> None:
        """See Input."""
        options = self.options
        self._intake = intake
        self._record = _object("dummy", options.dummy)
        self._metadata = _object("metadata", options.metadata)
        self._made = 0
        self._stopped = False
        self._first_time: int | None = None
        self._interval = options.interval_sec + options.interval_nsec / NANOSECONDS or 1 / options.rate
        self._room = not intake.full
        intake.on_room(self._pause, self._resume)
        loop = asyncio.get_running_loop()
        self._next = loop.time() + (0 if options.flush_on_startup else self._interval)
        self._timer: asyncio.Handle = loop.call_at(self._next, self._make)

    async def stop(self) -> None:
        """See Input."""
        self._stopped = True
        self._timer.cancel()

    def _pause(self) -> None:
        self._room = False

    def _resume(self) -> None:
        self._room = True
        if not self._ended:
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_soon(self._make)

    @property
    def _ended(self) -> bool:
        return self._stopped or bool(self.options.samples and self._made >= self.options.samples)

    def _make(self) -> None:
        if not self._room or self._ended:
            return
        records: list[Record] = [dict(self._record) for _ in range(self.options.copies)]
        now = self._time()
        metadata = [self._metadata] * len(records) if self._metadata else None
        self._intake.append_records(self.core.tag or self.context.name, [now] * len(records), records, metadata)
        self._made += 1
        loop = asyncio.get_running_loop()
        self._next = max(self._next + self._interval, loop.time() - 1)
        self._timer = loop.call_at(self._next, self._make)

    def _time(self) -> int:
        options, now = self.options, time.time_ns()
        if options.start_time_sec < 0 and options.start_time_nsec < 0:
            if not options.fixed_timestamp:
                return now
            self._first_time = self._first_time or now
            return self._first_time
        start = max(options.start_time_sec, 0) * NANOSECONDS + max(options.start_time_nsec, 0)
        if options.fixed_timestamp:
            return start
        self._first_time = self._first_time or now
        return start + now - self._first_time


def _object(name: str, text: str) -> Record:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise UserError(f"{name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UserError(f"{name} must be a JSON object")
    return value
