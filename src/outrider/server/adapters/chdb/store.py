"""The server's side of the store process: starts it, watches it, starts it again, and asks it."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from outrider.model.errors import LocalError, UserError
from outrider.server.adapters.chdb import statements, wire
from outrider.server.domain.histogram import Bar, Grid, bars
from outrider.server.domain.search import Cursor, LogRecord, Page, Search
from outrider.server.ports import ContainerCount, StoreState

_log = logging.getLogger(__name__)
_FAILED = 3
"""The process could not open the store and has said why."""
_TIMEOUT = 159
_TOO_EXPENSIVE = {_TIMEOUT, 241, 307, 396}
_QUEUE_SECONDS = 10
_STOP_SECONDS = 20
"""How long the process may go on storing after ``stop``; what it has not stored by then waits in the ingest log."""
_EXIT_SECONDS = 5
"""How long a process that has closed its socket may take to end."""
_FIRST_BACK_OFF, _MAX_BACK_OFF = 0.2, 15.0
_Line = tuple[int, str, str, str, str, str, str, str, str, int, dict[str, str], int, int]

OnProgress = Callable[[int, list[tuple[int, int]]], Awaitable[None]]


class ChdbStore:
    """A ``LogStore``. ``run`` keeps the process alive until ``stop``; it calls ``on_progress(stored, gaps)``."""

    def __init__(self, directory: Path, log: Path, keep_days: int, on_progress: OnProgress) -> None:
        self._arguments = [str(directory), str(log), str(keep_days)]
        self._on_progress = on_progress
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._pending: dict[int, asyncio.Future[bytes]] = {}
        self._numbers = itertools.count()
        self._slots = asyncio.Semaphore(8)
        self._committed = self._stored = 0
        self._problem, self._restarts = "the store is starting", 0
        self._up, self._settled, self._stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._aside = ""
        self.pid = 0

    @property
    def state(self) -> StoreState:
        """What the store is doing."""
        return StoreState(self._up.is_set(), self._stored, self._problem, self._restarts, self._aside)

    async def wait_settled(self) -> None:
        """Until the first process answers queries or has ended."""
        await self._settled.wait()

    def advance(self, committed: int) -> None:
        """The ingest log is on disk up to here."""
        self._committed = committed
        if self._up.is_set():
            self._send(wire.Advance(committed))

    async def run(self) -> None:
        """Until ``stop``: a process that ends is started again, later each time."""
        back_off = _FIRST_BACK_OFF
        while not self._stopping.is_set():
            await self._run_once()
            self._settled.set()
            if self._stopping.is_set():
                break
            self._restarts += 1
            back_off = _FIRST_BACK_OFF if self._up.is_set() else min(back_off * 2, _MAX_BACK_OFF)
            self._up.clear()
            _log.error("%s; starting it again in %.1f s", self._problem, back_off)
            try:
                async with asyncio.timeout(back_off):
                    await self._stopping.wait()
            except TimeoutError:
                continue
        self._up.clear()

    def stop(self) -> None:
        """Let the process store what is committed and end; ``run`` returns then, or after 20 s, when it is killed."""
        self._stopping.set()
        self._send(wire.Stop())
        asyncio.get_running_loop().call_later(_STOP_SECONDS, self._give_up)

    def kill(self) -> None:
        """End the process now, if there is one. Nothing is lost: the next one goes on where it was."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def search(self, search: Search, hosts: Sequence[str] | None) -> Page:
        """Records, newest first. A page of large records has fewer of them than asked for, and ``more`` behind it."""
        while True:
            try:
                lines = await self._find(search, hosts)
            except _TooLargeError:
                if search.limit == 1:
                    raise
                search = msgspec.structs.replace(search, limit=max(1, search.limit // 10))
                continue
            kept = _page(lines[: search.limit])
            return Page([_record(msgspec.json.decode(line, type=_Line)) for line in kept], len(lines) > len(kept))

    async def _find(self, search: Search, hosts: Sequence[str] | None) -> list[bytes]:
        for from_ns in statements.windows(search.from_ns, search.to_ns):
            lines = await self._ask(statements.search_statement(search, hosts, from_ns))
            if len(lines) > search.limit:
                break
        return lines

    async def record(self, place: Cursor) -> LogRecord | None:
        """One record, whole."""
        for line in await self._ask(statements.record_statement(place)):
            return _record(msgspec.json.decode(line, type=_Line))
        return None

    async def histogram(self, search: Search, hosts: Sequence[str] | None, over: Grid) -> list[Bar]:
        """How many records the search finds over time."""
        lines = await self._ask(statements.histogram_statement(search, hosts, over))
        found = [msgspec.json.decode(line, type=tuple[int, int, int]) for line in lines]
        return bars(over, {number: (records, bad) for number, records, bad in found})

    async def containers(self, host: str, since_ns: int) -> list[ContainerCount]:
        """Containers with records after ``since_ns``, of one host or of all."""
        lines = await self._ask(statements.containers_statement(host, since_ns))
        return [ContainerCount(*msgspec.json.decode(line, type=tuple[str, str, int, int])) for line in lines]

    async def rows(self) -> dict[str, int]:
        """Records in the table by host."""
        lines = await self._ask(statements.rows_statement())
        return dict(msgspec.json.decode(line, type=tuple[str, int]) for line in lines)

    async def _ask(self, sql: str) -> list[bytes]:
        try:
            async with asyncio.timeout(_QUEUE_SECONDS), self._slots:
                return (await self._send_query(sql)).splitlines()
        except TimeoutError as error:
            raise LocalError("the store is busy with other searches") from error

    async def _send_query(self, sql: str) -> bytes:
        number = next(self._numbers)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            if not self._up.is_set() or not self._send(wire.Query(number, sql)):
                raise LocalError(self._problem or "the store is stopping")
            return await answer
        finally:
            self._pending.pop(number, None)

    def _send(self, message: wire.ToChild) -> bool:
        """False where there is nobody to send it to: the process is gone and the next one learns anew."""
        if self._writer is None or self._writer.transport.is_closing():
            return False
        self._writer.write(wire.pack(message))
        return True

    def _give_up(self) -> None:
        if self._process is not None:
            _log.warning(
                "the store process has not ended %d s after it was told to and is killed; what it has not stored is"
                " in the ingest log and stored after the next start",
                _STOP_SECONDS,
            )
            self.kill()

    async def _run_once(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "outrider.server.adapters.chdb.child", str(theirs.fileno())),
                    *self._arguments,
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                )
            except OSError as error:
                ours.close()
                self._problem = f"the store process cannot be started: {error.strerror}"
                return
        self.pid, self._process = process.pid, process
        reader, self._writer = await asyncio.open_connection(sock=ours)
        try:
            await self._listen(reader)
            async with asyncio.timeout(_EXIT_SECONDS):
                status = await process.wait()
            if status != _FAILED:
                self._problem = f"the store process ended with status {status}"
        except TimeoutError:
            self._problem = "the store process hangs"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self._process = None
            self._writer.close()
            self._writer = None
            for answer in self._pending.values():
                if not answer.done():
                    answer.set_exception(LocalError("the store process ended while it was asked"))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                head = await reader.readexactly(wire.LENGTH.size)
                body = await reader.readexactly(wire.LENGTH.unpack(head)[0])
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            await self._take(wire.from_child.decode(body))

    async def _take(self, message: wire.FromChild) -> None:
        match message:
            case wire.Ready(stored, gaps, aside):
                self._stored, self._problem, self._aside = stored, "", aside
                await self._on_progress(stored, gaps)
                self._up.set()
                self._settled.set()
                self.advance(self._committed)
                if self._stopping.is_set():
                    # It was told before it could listen.
                    self._send(wire.Stop())
            case wire.Progress(stored, gaps, aside):
                self._stored, self._aside = stored, aside
                await self._on_progress(stored, gaps)
            case wire.Trouble(text):
                self._problem = text
                if text:
                    _log.error("store: %s", text)
            case wire.Note(text):
                _log.warning("store: %s", text)
            case wire.Answer(number, result, error, code):
                answer = self._pending.get(number)
                if answer is None or answer.done():
                    return
                if error:
                    answer.set_exception(_failure(error, code))
                else:
                    answer.set_result(result)


class _TooLargeError(UserError):
    """What was found does not fit into memory: fewer records may."""


def _page(lines: list[bytes]) -> list[bytes]:
    """As many as a page may have in bytes, at least one."""
    size = 0
    for number, line in enumerate(lines):
        size += len(line)
        if number and size > statements.MAX_PAGE:
            return lines[:number]
    return lines


def _failure(error: str, code: int) -> Exception:
    if code in _TOO_EXPENSIVE:
        kind = UserError if code == _TIMEOUT else _TooLargeError
        return kind(
            "the search takes too long or too much memory",
            fix="choose a shorter time range, more words or fewer records",
        )
    return LocalError(f"the store answered with an error: {error[:300]}")


def _record(line: _Line) -> LogRecord:
    ts, host, tag, container, container_id, task, stream, severity, message, size, attrs, position, number = line
    place = Cursor(ts, position, number)
    return LogRecord(ts, host, tag, container, container_id, task, stream, severity, message, size, attrs, place)
