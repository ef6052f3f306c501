"""Where records arrive: a TCP listener or a file, of which only the marks are counted."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

from bench.records import MARK

_READ = 1 << 20
_KEPT = len(MARK) - 1


class Marks:
    """Counts marks in pieces of a stream, also those that a cut goes through."""

    def __init__(self) -> None:
        self.count = 0
        self._end = b""

    def feed(self, data: bytes) -> None:
        """The next piece."""
        data = self._end + data
        self.count += data.count(MARK)
        self._end = data[-_KEPT:]


class Listener:
    """Accepts connections on a free port of 127.0.0.1 until it is closed."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._streams: list[Marks] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where to connect."""
        return int(self._server.getsockname()[1])

    @property
    def count(self) -> int:
        """Records so far."""
        return sum(marks.count for marks in self._streams)

    def close(self) -> None:
        """No new connections."""
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                connection, _ = self._server.accept()
                marks = Marks()
                self._streams.append(marks)
                threading.Thread(target=self._read, args=(connection, marks), daemon=True).start()

    def _read(self, connection: socket.socket, marks: Marks) -> None:
        with connection, contextlib.suppress(ConnectionError):  # the router was killed: what came is counted
            while data := connection.recv(_READ):
                marks.feed(data)


class File:
    """A file that grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._marks = Marks()

    @property
    def count(self) -> int:
        """Records so far."""
        if self._path.exists():
            with open(self._path, "rb") as file:
                file.seek(self._read)
                while data := file.read(_READ):
                    self._read += len(data)
                    self._marks.feed(data)
        return self._marks.count
