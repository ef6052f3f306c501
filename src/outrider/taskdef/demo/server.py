"""A server of the demo's own: a child process, and the questions that the demo asks it."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
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
_USUAL_PORT = 8443


@dataclass(frozen=True, slots=True)
class Ready:
    """What a server says when it is up. ``password`` is empty unless this is its first start."""

    page: str
    ingest: str
    token: str
    password: str
    api_token: str
    ca: str


class Server:
    """One server process: ``start``, then ``ready`` tells how to reach it, then ``stop``."""

    def __init__(self, data: Path, log: Path, guard: Guard) -> None:
        self._data = data
        self._log_path = log
        self._guard = guard
        self._first_line: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._child: Child | None = None

    async def start(self, group: asyncio.TaskGroup) -> Ready:
        """Start it and wait until it is up; ``group`` gets the task that waits for its end. Raises LocalError."""
        output = FileLog(self._log_path, self._take)
        port = _USUAL_PORT if _is_free(_USUAL_PORT) else 0
        words = [
            *(*outrider_command(), "server", "run", "--data", str(self._data), "--ready-json"),
            *("--listen", f"127.0.0.1:{port}", "--ingest", "127.0.0.1:0"),
        ]
        self._child = await Child.start(words, child_environment({}), output.outputs, self._guard)
        group.create_task(output.run())
        ending = group.create_task(self._child.wait())
        async with asyncio.timeout(START_SECONDS):
            await asyncio.wait((ending, self._first_line), return_when=asyncio.FIRST_COMPLETED)
        if not self._first_line.done():
            raise LocalError(f"the server ended with status {ending.result()}: {self._last_words()}")
        found = json.loads(self._first_line.result())
        return Ready(**{name: str(found[name] or "") for name in Ready.__slots__})

    async def stop(self) -> None:
        """Let it store what it has and end."""
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)

    def _take(self, line: str) -> None:
        if line.startswith("{") and not self._first_line.done():
            self._first_line.set_result(line)

    def _last_words(self) -> str:
        return self._log_path.read_text(errors="replace").strip().rpartition("\n")[2] or "it said nothing"


class Portal:
    """Asks a server's JSON API. Use as an asynchronous context manager."""

    def __init__(self, ready: Ready) -> None:
        tls = ssl.create_default_context(cafile=ready.ca) if ready.page.startswith("https") else False
        self._session = aiohttp.ClientSession(
            ready.page,
            headers={"Authorization": f"Bearer {ready.api_token}"},
            connector=aiohttp.TCPConnector(ssl=tls),
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
            raise LocalError(f"the server does not answer to {path}: {error or 'no answer in time'}") from error


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
