"""A server of the demo's own: a child process, and the questions that the demo asks it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from outrider.model.errors import LocalError
from outrider.taskdef.run.process.child import Child, Guard, child_environment
from outrider.taskdef.run.process.container import FileLog
from outrider.taskdef.run.workspace import outrider_command

START_SECONDS = 30.0
STOP_SECONDS = 30.0
USUAL_PORT = 8088
"""Of the page, if nobody has it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a server says when it is up. ``password`` is empty unless this is its first start."""

    page: str
    ingest: str
    token: str
    password: str
    api_token: str


class Server:
    """One server process: ``start``, then ``ready`` tells how to reach it, then ``stop``."""

    def __init__(self, data: Path, log: Path, guard: Guard, say: Callable[[str], None]) -> None:
        """``say`` gets what a user should know of its end."""
        self._data = data
        self._log_path = log
        self._guard = guard
        self._say = say
        self._first_line: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._child: Child | None = None

    async def start(self, group: asyncio.TaskGroup, port: int) -> Ready:
        """Start it, its page on ``port`` (0: any), and wait until it is up. Raises LocalError.

        ``group`` gets the task that waits for its end.
        """
        output = FileLog(self._log_path, self._take)
        words = [
            *(*outrider_command(), "server", "run", "--data", str(self._data), "--ready-json"),
            # Without TLS the page needs no exception in the browser; it is on loopback only. Agents always use TLS.
            *("--http", "--listen", f"127.0.0.1:{port}", "--ingest", "127.0.0.1:0"),
        ]
        self._child = await Child.start(words, child_environment({}), output.outputs, self._guard, self._tell)
        group.create_task(output.run())
        ending = group.create_task(self._child.wait())
        await asyncio.wait((ending, self._first_line), timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not self._first_line.done():
            if not ending.done():
                raise LocalError(f"the server is not up after {START_SECONDS:g} s: {self._last_words()}")
            raise LocalError(f"the server ended with status {ending.result()}: {self._last_words()}")
        found = json.loads(self._first_line.result())
        return Ready(**{name: str(found[name] or "") for name in Ready.__slots__})

    async def stop(self) -> None:
        """Let it store what it has and end."""
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)

    def _tell(self, text: str) -> None:
        self._say(f"server: {text}")

    def _take(self, line: str) -> None:
        if line.startswith("{") and not self._first_line.done():
            self._first_line.set_result(line)

    def _last_words(self) -> str:
        return self._log_path.read_text(errors="replace").strip().rpartition("\n")[2] or "it said nothing"


class Portal:
    """Asks a server's JSON API. Use as an asynchronous context manager."""

    def __init__(self, ready: Ready) -> None:
        self._session = aiohttp.ClientSession(
            ready.page,
            headers={"Authorization": f"Bearer {ready.api_token}"},
            timeout=aiohttp.ClientTimeout(total=10),
        )

    async def __aenter__(self) -> Portal:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, **params: str) -> Any:
        """The answer to ``/api/v1/<path>``. Raises LocalError."""
        try:
            async with self._session.get(f"/api/v1/{path}", params=params) as response:
                if response.status != 200:
                    raise LocalError(f"the server answers {response.status} to {path}: {(await response.text())[:200]}")
                return await response.json()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise LocalError(f"the server does not answer to {path}: {str(error) or 'no answer in time'}") from error


def is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Whether a server could listen on this port of ``address``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def free_port(usual: int, address: str) -> int:
    """``usual`` if nobody has it on ``address``, else one that is free now."""
    if is_free(usual, address):
        return usual
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
