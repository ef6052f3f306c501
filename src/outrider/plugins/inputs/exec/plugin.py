"""The exec input."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from typing import Final

from outrider.formats.split import Lines, TooLongError
from outrider.model.errors import UserError
from outrider.net.descriptor import DescriptorReader
from outrider.net.ticker import Ticker
from outrider.pipeline.plugin import Input, Intake
from outrider.plugins.inputs.exec.config import Options

_LOOK_SECONDS: Final = 0.05
"""How soon to look again whether a command has ended that has closed its output."""
_DEATH_STEPS: Final = 100
_DEATH_SECONDS: Final = 0.01
"""How often, and how far apart, to look whether a command is dead that was killed."""


class Exec(Input[Options]):
    """Runs a command in the shell at a steady rate, one run at a time, and takes the lines that it prints."""

    Options = Options
    tag_is_fixed = True

    def check(self) -> None:
        """See Input."""
        options = self.options
        if not options.command:
            raise UserError("command is missing", fix="set Command")
        if options.propagate_exit_code:
            raise UserError("propagate_exit_code is not supported", fix="remove it")
        self._once = options.oneshot or options.exit_after_oneshot
        self._seconds = options.interval_sec + options.interval_nsec / 1e9
        if not self._seconds:
            raise UserError("interval_sec and interval_nsec are both 0")
        self._parser = self.context.library.parser(options.parser) if options.parser else None
        self._tag = self.core.tag or self.context.name

    async def start(self, intake: Intake) -> None:
        """See Input."""
        self._intake = intake
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: DescriptorReader | None = None
        self._ticker: Ticker | None = None
        self._looks_again: asyncio.TimerHandle | None = None
        self._is_killed = False
        intake.on_room(self._pause, self._resume)
        if self._once:
            self._run()
        else:
            self._ticker = Ticker(self._seconds, self._run)

    async def stop(self) -> None:
        """See Input. A command that is at work is ended, and what it has printed is taken."""
        if self._ticker is not None:
            self._ticker.stop()
        if self._looks_again is not None:
            self._looks_again.cancel()
        process = self._process  # who sees its end meanwhile forgets it
        if process is not None and process.poll() is None:
            self._is_killed = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            for _ in range(_DEATH_STEPS):
                if process.poll() is not None:
                    break
                await asyncio.sleep(_DEATH_SECONDS)
        if self._reader is not None:
            self._reader.rest()
            self._reader = None
            self._take_end()
        self._done()

    def _pause(self) -> None:
        if self._reader is not None:
            self._reader.pause()

    def _resume(self) -> None:
        if self._reader is not None:
            self._reader.resume()

    def _run(self) -> None:
        if self._process is not None or self._intake.full:
            return
        try:
            self._process = subprocess.Popen(
                self.options.command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            self.log.warn(f"cannot run '{self.options.command}': {error.strerror}")
            return
        assert self._process.stdout is not None
        self._lines = Lines(b"\n", self.options.buf_size)
        self._reader = DescriptorReader(self._process.stdout.fileno(), self._take, self._end)

    def _take(self, data: bytes) -> None:
        while True:
            try:
                lines = self._lines.feed(data)
            except TooLongError as error:
                self._hand_in(error.values)
                self._intake.lost(self._tag, 1, "line longer than Buf_Size")
                self._lines.skip()
                data = b""
                continue
            self._hand_in(lines)
            return

    def _hand_in(self, lines: list[bytes]) -> None:
        if not lines:
            return
        now = time.time_ns()
        texts = [line.decode("utf-8", "surrogateescape") for line in lines]
        times = [now] * len(texts)
        records = [{"exec": text} for text in texts]
        if self._parser is not None:
            read, parsed = self._parser.parse_many(texts)
            times = [own or now for own in read]
            records = [new if new is not None else old for new, old in zip(parsed, records, strict=True)]
        self._intake.append_records(self._tag, times, records)

    def _end(self) -> None:
        """The command has closed its output."""
        self._take_end()
        self._reader = None
        self._done()

    def _take_end(self) -> None:
        """The last line may have no end."""
        if self._lines.waiting:
            self._take(b"\n")

    def _done(self) -> None:
        """See whether the process has ended too; a little later again, where its output is closed and it has not."""
        process = self._process
        if process is None or process.stdout is None:
            return
        if process.poll() is None:
            if not self._is_killed:
                self._looks_again = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._done)
            return
        process.stdout.close()
        self._process = None
        if self.options.exit_after_oneshot:
            self._intake.end()
        if process.returncode and not self._is_killed:
            self.log.warn(f"'{self.options.command}' ended with status {process.returncode}")
