"""A router as a process with a configuration, that may be killed and started again."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_START_SECONDS = 30.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_until(condition: Callable[[], object], seconds: float, pause: float = 0.05) -> bool:
    """Whether it came true in so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


class Router:
    """``command`` takes ``-c FILE``. ``monitor`` is the port of its monitoring endpoint, 0: none."""

    def __init__(self, command: Sequence[str], configuration: Path, monitor: int = 0) -> None:
        self._command = [*command, "-c", str(configuration)]
        self._monitor = monitor
        self.log = configuration.with_suffix(".log")
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with open(self.log, "ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log)

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        """Start it again."""
        self.process = self._start()

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(60)
        finally:
            self.kill()

    def listens(self, port: int) -> bool:
        """Whether somebody accepts connections there within the time that a start takes."""

        def open_() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
            return False

        return wait_until(open_, _START_SECONDS)

    def ledger(self) -> dict[str, Any]:
        """``/api/v1/ledger``."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._monitor}/api/v1/ledger", timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
