"""What a container prints, for people: its last lines for an error message, and each line for whoever listens."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable

from outrider.model.errors import printable
from outrider.taskdef.run.driver.pieces import Cutter
from outrider.taskdef.run.driver.pipes import Driver, Output, Settings

_KEPT, _WIDTH = 5, 300
_COLOUR = re.compile("\x1b\\[[0-9;:]*m")


def plain(line: str) -> str:
    """A line of a container's as a terminal gets it: colours are left out, and what else steers it is made visible."""
    return printable(_COLOUR.sub("", line).expandtabs())


class Voice:
    """One container's. ``on_line`` gets each line without its newline."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._last: deque[str] = deque(maxlen=_KEPT)
        self._on_line = on_line

    def line(self, text: str) -> None:
        """It has printed this."""
        if text.strip():
            self._last.append(text[:_WIDTH])
        self._on_line(text)

    @property
    def last_words(self) -> str:
        """Its last few lines for the end of a message: a line each, indented. Empty if it has printed nothing."""
        return "; its last lines:" + "".join(f"\n    {plain(line)}" for line in self._last) if self._last else ""


class HeardDriver(Driver):
    """A log driver whose container is heard: what goes to the router goes to ``voice`` as well."""

    def __init__(self, settings: Settings, container_id: str, container_name: str, voice: Voice) -> None:
        super().__init__(settings, container_id, container_name)
        self.outputs = [_Heard(output, voice.line) for output in self.outputs]


class _Heard(Output):
    """Stands before an output of the driver."""

    def __init__(self, inner: Output, on_line: Callable[[str], None]) -> None:
        self.cutter, self.ended = inner.cutter, inner.ended
        self._inner = inner
        self._lines = Cutter(str)
        self._on_line = on_line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)
        for piece in self._lines.feed(data, 0):
            self._on_line(piece.text.decode(errors="replace"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
        for piece in self._lines.end(0):
            self._on_line(piece.text.decode(errors="replace"))
