"""The demo: server, protected task, traffic, and a sheet that is kept up to date until it balances."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from outrider.model.errors import LocalError, OutriderError, UserError
from outrider.taskdef.demo.example import protected
from outrider.taskdef.demo.server import USUAL_PORT, Portal, Ready, Server, free_port
from outrider.taskdef.demo.sheet import Row, Sheet, dropped_by, routed_by_tag
from outrider.taskdef.demo.traffic import Visitor
from outrider.taskdef.run import Reports, TaskRun, Wishes, prepare
from outrider.taskdef.run.docker.engine import DEFAULT_SOCKET
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.plan import Role
from outrider.taskdef.run.process.child import Guard
from outrider.taskdef.run.setting import Backend

WEB_PORT = 8080
_JOBS, _JOB_PAUSE, _VISITS, _VISIT_PAUSE = 40, 0.1, 30, 0.1
_SETTLE_SECONDS = 12.0
_PULL_SECONDS = 6.0
_LOOK_SECONDS = 0.25
_AGENT_SECONDS = 1.25  # how old the agent's own count may be
_QUICK = aiohttp.ClientTimeout(total=2)


@dataclass(frozen=True, slots=True)
class DemoWishes:
    """``once``: a fixed amount of work, then the end. ``state`` holds all files and stays; None is a temporary folder.

    ``say`` gets a line for each step, ``show`` the sheet whenever it was looked at.
    """

    say: Callable[[str], None]
    show: Callable[[Sheet], None]
    backend: Backend = "auto"
    once: bool = False
    state: Path | None = None
    keep: bool = False


@dataclass(slots=True)
class Demo:
    """A demo that runs: where its page, its web container and its files are."""

    ready: Ready
    task: TaskRun
    web: str
    directory: Path
    sheet: Sheet = field(default_factory=Sheet)


async def run(wishes: DemoWishes, on_start: Callable[[Demo], None]) -> dict[str, Any]:
    """Run until the task ends: by itself with ``once``, else when somebody stops ``Demo.task.runner``.

    Returns the summary of the last sheet, with the ``directory`` if that is kept. Raises UserError and LocalError
    for what does not start.
    """
    async with AsyncExitStack() as stack:
        guard = await Guard.start(DEFAULT_SOCKET)
        stack.push_async_callback(guard.close)
        directory = _directory(wishes, guard)
        server, ready = await stack.enter_async_context(_server(directory, guard, wishes))
        portal = await stack.enter_async_context(Portal(ready))
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=_QUICK))
        identity = Identity.new()
        web_port = free_port(WEB_PORT, identity.address)
        if web_port != WEB_PORT:
            wishes.say(f"port {WEB_PORT} is in use, so the web container gets port {web_port}")
        visitor = Visitor(f"http://{identity.address}:{web_port}/", _VISIT_PAUSE if wishes.once else 1.0)
        environment = {"web": {"ADDRESS": identity.address, "PORT": str(web_port)}}
        if wishes.once:
            environment["worker"] = {"JOBS": str(_JOBS), "PAUSE": str(_JOB_PAUSE)}
        source = protected(ready.token, ready.ingest)
        _write_private(directory / "web-task.protected.json", source.source.text)
        settled = _Settled(wishes.say)
        reports = Reports(_telling(wishes.say), _telling(wishes.say), lambda name, line: None)
        task = await stack.enter_async_context(
            prepare(
                source,
                Wishes(
                    wishes.backend,
                    environment=environment,
                    state=directory,
                    pull_seconds=_PULL_SECONDS,
                    identity=identity,
                    harmless=wishes.backend == "auto",  # the example's commands are our own
                    network="host",  # where its server and its visitor are
                    sidecars="process",
                ),
                reports,
                settled.wait,
            )
        )
        demo = Demo(ready, task, visitor.url, directory)
        on_start(demo)
        eyes = _Eyes(demo, portal, session, wishes.show, lambda: _caused(visitor, _JOBS if wishes.once else 0))
        async with asyncio.TaskGroup() as group:
            visiting = group.create_task(visitor.run(_VISITS if wishes.once else None))
            looking = group.create_task(eyes.run(settled))
            await task.runner.run()
            visiting.cancel()
            looking.cancel()
        await eyes.look_at_the_end()
        wishes.say("server: stopping")
        await server.stop()
        summary = demo.sheet.summary(task.backend)
        kept = {"directory": str(directory)} if wishes.keep or wishes.state is not None else {}
        return summary | {"visits": visitor.answered, "status": task.runner.status} | kept


def _telling(say: Callable[[str], None]) -> Callable[[str, str], None]:
    return lambda name, text: say(f"{name or 'task'}: {text}")


def _directory(wishes: DemoWishes, guard: Guard) -> Path:
    if wishes.state is not None:
        try:
            wishes.state.mkdir(parents=True, exist_ok=True)
            (wishes.state / "server.log").touch()
        except OSError as error:
            raise UserError(
                f"the folder {wishes.state} cannot be used: {error.strerror}", fix="choose another one with --state"
            ) from error
        return wishes.state.absolute()
    directory = Path(tempfile.mkdtemp(prefix="outrider-", dir="/tmp"))
    if not wishes.keep:
        guard.hold("folder", str(directory))
    return directory


def _write_private(path: Path, text: str) -> None:
    """For the owner's eyes: there is a join token in it."""
    path.touch(0o600)
    path.write_text(text, "utf-8")


@asynccontextmanager
async def _server(directory: Path, guard: Guard, wishes: DemoWishes) -> AsyncIterator[tuple[Server, Ready]]:
    server = Server(directory / "server", directory / "server.log", guard, wishes.say)
    port = 0 if wishes.once else free_port(USUAL_PORT, "127.0.0.1")
    failure: OutriderError | None = None
    async with asyncio.TaskGroup() as group:
        try:
            wishes.say("starting the server")
            yield server, await server.start(group, port)
        except OutriderError as error:
            failure = error  # raised below, where it is not wrapped in a group
        finally:
            await server.stop()
    if failure is not None:
        raise failure


class _Settled:
    """Where the end of the applications waits until every record has arrived, or none is going to."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.applications_ended = asyncio.Event()
        self.balanced = asyncio.Event()

    async def wait(self) -> None:
        self.applications_ended.set()
        self._say("task: waiting until the server has stored every record")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_SECONDS):
                await self.balanced.wait()


class _Eyes:
    """Looks at every station of the records."""

    def __init__(
        self,
        demo: Demo,
        portal: Portal,
        session: aiohttp.ClientSession,
        show: Callable[[Sheet], None],
        caused: Callable[[], dict[str, int]],
    ) -> None:
        self._demo = demo
        self._portal = portal
        self._session = session
        self._show = show
        self._caused = caused
        self._router: dict[str, Any] = {}
        self._stored_then: deque[tuple[float, dict[str, int]]] = deque()

    async def run(self, settled: _Settled) -> None:
        """Look every now and then, until cancelled."""
        while True:
            with contextlib.suppress(LocalError):  # a station that is not up yet or busy: the next look tells
                stored = await self._look()
                self._show(self._of_one_moment(stored))
            if settled.applications_ended.is_set() and self._demo.sheet.balanced:
                settled.balanced.set()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look_at_the_end(self) -> None:
        """Once more, with router and agent gone; what the router's monitor said last is its last word."""
        await self._look()
        self._show(self._demo.sheet)

    def _of_one_moment(self, stored: dict[str, int]) -> Sheet:
        """The sheet to show while records are under way, where no station is ahead of the one before it.

        The agent writes down every second what it has received, so that goes with what was stored a second ago.
        """
        now = asyncio.get_running_loop().time()
        self._stored_then.append((now, stored))
        while len(self._stored_then) > 1 and self._stored_then[1][0] <= now - _AGENT_SECONDS:
            self._stored_then.popleft()
        sheet, then = self._demo.sheet, self._stored_then[0][1]
        rows = tuple(replace(row, stored=then.get(row.container, 0)) for row in sheet.rows)
        return Sheet(rows, sum(row.received for row in rows), sum(row.stored for row in rows), sheet.dropped)

    async def _look(self) -> dict[str, int]:
        """Ask from the end of the way to its beginning; returns what is stored of each container."""
        demo = self._demo
        stored_of, stored = await self._stored()
        agent = demo.task.workspace.agent_status()
        await self._ask_router()
        routed = routed_by_tag(self._router)
        cells = [cell for cell in demo.task.runner.cells.values() if cell.planned.role is Role.APPLICATION]
        rows = []
        caused = self._caused()
        dropped = dropped_by("router", self._router) | dropped_by("agent", agent.get("pipeline", {}))
        for cell in cells:
            name = cell.planned.name
            written = cell.container.lines if cell.container else 0
            if cell.ended.is_set():
                written = max(written, caused.get(name, 0))
            full_name = demo.task.docker_name(name)
            received = agent.get("containers", {}).get(full_name, 0)
            rows.append(Row(name, written, routed.get(name, 0), received, stored_of.get(full_name, 0)))
            if cell.container and cell.container.dropped:
                dropped[f"log driver of {name}"] = cell.container.dropped
        demo.sheet = Sheet(tuple(rows), agent.get("accepted", 0), stored, dropped)
        return {row.container: row.stored for row in rows}

    async def _ask_router(self) -> None:
        # The monitor ends with the router, whose last answer then stands.
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with self._session.get(f"{self._demo.task.monitor}/api/v1/ledger") as response:
                self._router = await response.json()

    async def _stored(self) -> tuple[dict[str, int], int]:
        """Records in the server's store: by the container's name in Docker, and of the whole task."""
        hosts = (await self._portal.get("hosts"))["hosts"]
        own = next((host for host in hosts if host["name"] == self._demo.task.host_name), None)
        if own is None:
            return {}, 0
        ledger = await self._portal.get("ledger")
        in_store = sum(host["in_store"] for host in ledger["hosts"] if host["id"] == own["id"])
        return {c["name"].removeprefix("/"): c["records"] for c in own["containers"]}, in_store


def _caused(visitor: Visitor, jobs: int) -> dict[str, int]:
    """How many lines each container must have written in the end, as far as we know: one at its start or end, and one
    for each visit or job. This counts without any part of the way that the lines take."""
    return {"web": visitor.answered + 1, "worker": jobs + 1}
