"""Log lines in Fluent Bit's form, or as JSON, on standard error (or ``Log_File``); each names its component.

``[2026/11/21 09:34:26.123456789] [ info] [output:syslog:syslog.0] connected``
``{"time":"2026-11-21T09:34:26.123456789Z","level":"info","component":"output:syslog:syslog.0","message":"connected"}``

A message that repeats within ten seconds is held back and counted, so that a dead peer does not fill the disk.
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import Final, TextIO

import msgspec
from msgspec import Struct, field

from outrider.model.errors import UserError

LEVELS: Final = {"off": 0, "error": 1, "warn": 2, "warning": 2, "info": 3, "debug": 4, "trace": 5}
_REPEAT_SECONDS: Final = 10.0
_REMEMBERED: Final = 256
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in [*range(32), 127]} | {10: "\\n", 13: "\\r", 9: "\\t"}
"""Peers choose tags and texts: nothing of theirs may begin a line of the log or command a terminal."""


class Sink(Struct):
    """Where lines go. ``level`` is the most talkative level that is written."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    level: int = LEVELS["info"]
    as_json: bool = False
    _silent_until: float = 0.0
    _unwritten: int = 0
    _seen: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def set_up(self, level: int, *, as_json: bool, file: str) -> None:
        """Write so from now on, to ``file``, or to standard error where it is empty. Raises UserError.

        A file is opened anew, so that it may have been moved away.
        """
        stream: TextIO = sys.stderr
        if file:
            try:
                stream = open(file, "a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - stays open
            except OSError as error:
                raise UserError(f"log_file '{file}' cannot be opened: {error.strerror}") from error
        old, self.stream = self.stream, stream
        self.level, self.as_json = level, as_json
        if old is not sys.stderr:
            with contextlib.suppress(OSError):  # its last line may not fit on a full disk
                old.close()

    def write(self, level: str, component: str, message: str, *, now_ns: int, repeat: bool, about: str = "") -> None:
        """Write one line, unless one of the same trouble (``about``, else the message) was written moments ago.

        With ``repeat`` it is written in any case.
        """
        if LEVELS[level] > self.level:
            return
        held = 0 if repeat else self._hold_back(component, about or message, now_ns / 1e9)
        if held is None:
            return
        line = _json_line if self.as_json else _text_line
        text = line(level, component, message, now_ns, held)
        if now_ns / 1e9 < self._silent_until:
            self._unwritten += 1
            return
        if self._unwritten:
            text = line("warn", "log", f"{self._unwritten} lines before this could not be written", now_ns, 0) + text
        try:
            self.stream.write(text)
            self.stream.flush()
            self._unwritten = 0
        except (OSError, ValueError):
            # Standard error is gone or its disk is full: logging must not stop the logs of others.
            self._unwritten += 1
            self._silent_until = now_ns / 1e9 + _REPEAT_SECONDS

    def _hold_back(self, component: str, about: str, now: float) -> int | None:
        """How many of the same trouble were held back since the last line; None: hold this one back too."""
        key = (component, about)
        last, held = self._seen.get(key, (-_REPEAT_SECONDS, 0))
        if now - last < _REPEAT_SECONDS:
            self._seen[key] = (last, held + 1)
            return None
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[key] = (now, 0)
        return held


def _text_line(level: str, component: str, message: str, now_ns: int, held: int) -> str:
    seconds, fraction = divmod(now_ns, 1_000_000_000)
    stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(seconds))
    text = message.encode("utf-8", "backslashreplace").decode().translate(_CONTROLS)
    suffix = f" ({held} more like this were held back)" if held else ""
    return f"[{stamp}.{fraction:09d}] [{level:>5}] [{component}] {text}{suffix}\n"


def _json_line(level: str, component: str, message: str, now_ns: int, held: int) -> str:
    seconds, fraction = divmod(now_ns, 1_000_000_000)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    event: dict[str, str | int] = {
        "time": f"{stamp}.{fraction:09d}Z",
        "level": level,
        "component": component,
        "message": message.encode("utf-8", "backslashreplace").decode(),
    }
    if held:
        event["held_back"] = held
    return msgspec.json.encode(event).decode() + "\n"


class Log(Struct, frozen=True):
    """A component's voice."""

    sink: Sink
    component: str
    level: int | None = None
    """Most talkative level of this component; None: as the sink."""

    def _write(self, level: str, message: str, repeat: bool, about: str = "") -> None:
        if self.level is None or LEVELS[level] <= self.level:
            self.sink.write(level, self.component, message, now_ns=time.time_ns(), repeat=repeat, about=about)

    def error(self, message: str, about: str = "") -> None:
        """Something was lost or will be. ``about`` names the trouble where messages of one trouble differ."""
        self._write("error", message, False, about)

    def warn(self, message: str, about: str = "") -> None:
        """Something needs attention, nothing is lost yet. ``about`` as of ``error``."""
        self._write("warn", message, False, about)

    def info(self, message: str, about: str = "") -> None:
        """A change of state worth a line; with ``about``, as of ``error``, not worth one each time."""
        self._write("info", message, not about, about)

    def debug(self, message: str) -> None:
        """For whoever looks for a fault."""
        self._write("debug", message, True)

    def child(self, component: str, level: int | None = None) -> Log:
        """The voice of a part."""
        return Log(self.sink, component, level)
