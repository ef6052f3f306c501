"""One commit for all the batches that arrived while the last one was being synced."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from outrider.model.errors import LocalError
from outrider.protocols.uplink import Problem, Reason, Refusal
from outrider.server.ingest.frames import Frame
from outrider.server.ingest.ledger import HostCount, Ledger, Received
from outrider.server.ingest.log import DiskFullError, Entry, IngestLog
from outrider.server.ingest.segments import LogReader

_log = logging.getLogger(__name__)
_IDS_KEPT_NS = 90 * 86_400 * 10**9
_MAX_GROUP = 64 << 20
T = TypeVar("T")


class _Waiting(NamedTuple):
    entry: Entry
    answer: asyncio.Future[bool]


class Committer:
    """The only writer of log and ledger; both are touched on one thread of its own.

    ``on_commit(position)`` is called after each commit, on the event loop.
    """

    def __init__(self, log: IngestLog, ledger: Ledger, on_commit: Callable[[int], None], max_waiting: int) -> None:
        """``max_waiting``: bytes of the log that may wait for the store before ``admit`` refuses."""
        self._log, self._ledger, self._on_commit = log, ledger, on_commit
        self._max_waiting = max_waiting
        # A ledger that was made anew does not know yet what is stored; what is no longer there does not wait.
        self._first = log.first_position()
        self._queue: list[_Waiting] = []
        self._arrived = asyncio.Event()
        self._stopping = False
        self._unlisted: list[Received] = []
        self._thread = ThreadPoolExecutor(1, "ingest-log")
        self._failed: Problem | None = None
        self._behind = False

    @property
    def problem(self) -> Problem | None:
        """Why batches are refused at present, and what to do about it."""
        return self._failed or self._lag()

    def admit(self) -> None:
        """To be asked before a batch is read. Raises ``Refusal`` (``overloaded``) while the store is too far behind.

        What was admitted before is committed all the same, so the log may exceed the limit by what is in memory.
        """
        lag = self._lag()
        if lag and not self._behind:
            _log.error("ingest refused: %s", lag.what)
        elif self._behind and not lag:
            _log.warning("ingest works again: the store has caught up")
        self._behind = lag is not None
        if lag:
            raise Refusal(Reason.OVERLOADED, lag.what, "keep the batch and send it again after Retry-After")

    def _lag(self) -> Problem | None:
        waiting = self._log.committed - max(self._ledger.stored_upto, self._first)
        if waiting <= self._max_waiting:
            return None
        return Problem(
            f"the server refuses records: {waiting >> 20:,} MiB of its ingest log wait for the store, more than the"
            f" {self._max_waiting >> 20:,} MiB allowed",
            "look in the server's log for why the store is down or slow; agents keep their records and send them when"
            " it has caught up",
            "error",
        )

    async def submit(self, entry: Entry) -> bool:
        """Wait until the batch is on disk. True: it was there before. Raises ``Refusal`` (``disk_full``, ``stopping``).

        The queue is bounded by the caller, who admits only so many bytes at once.
        """
        if self._stopping:
            raise Refusal(Reason.STOPPING, "the server is stopping", "send it again later")
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(entry, answer))
        self._arrived.set()
        return await answer

    async def run(self) -> None:
        """Commit until ``stop`` was called and nothing waits any more."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                await self._commit(self._take())
            if self._stopping:
                return

    def stop(self) -> None:
        """Take no more; ``run`` returns when what waits is on disk."""
        self._stopping = True
        self._arrived.set()

    async def stored(self, upto: int, gaps: list[tuple[int, int]]) -> None:
        """The store has everything below ``upto`` but the gaps."""
        try:
            await self._on_thread(lambda: self._ledger.stored(upto, gaps))
        except sqlite3.Error as error:
            # The next report says it again.
            _log.error("the ledger cannot be written: %s", error)

    async def hosts(self) -> list[HostCount]:
        """The ledger's counts."""
        return await self._on_thread(self._ledger.hosts)

    async def host(self, host: bytes) -> HostCount:
        """The ledger's count of one host; zeros where it never sent a batch."""
        return await self._on_thread(lambda: self._ledger.host(host))

    async def tidy(self, now_ns: int, keep_bytes: int) -> None:
        """Drop log segments that are stored (but the newest ``keep_bytes``) and batch ids older than 90 days."""

        def work() -> None:
            self._log.prune(self._ledger.stored_upto, keep_bytes)
            self._ledger.forget(now_ns - _IDS_KEPT_NS)

        await self._on_thread(work)

    def close(self) -> None:
        """After ``run`` has returned."""
        self._thread.shutdown()
        self._ledger.close()
        self._log.close()

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _take(self) -> list[_Waiting]:
        size = 0
        for n, waiting in enumerate(self._queue, 1):
            size += len(waiting.entry.payload)
            if size >= _MAX_GROUP:
                group, self._queue = self._queue[:n], self._queue[n:]
                return group
        group, self._queue = self._queue, []
        return group

    async def _commit(self, group: list[_Waiting]) -> None:
        try:
            duplicate = await self._on_thread(lambda: self._write([w.entry for w in group]))
        except LocalError as error:
            if not self._failed:
                _log.error("ingest refused: %s", error)
            self._failed = Problem(
                f"the server refuses records: {error}",
                "make room or mend the disk of the server's data directory; agents keep their records meanwhile",
                "error",
            )
            reason = Reason.DISK_FULL if isinstance(error, DiskFullError) else Reason.OVERLOADED
            for waiting in group:
                if not waiting.answer.done():
                    waiting.answer.set_exception(Refusal(reason, str(error), "keep the batch and send it again later"))
            return
        if self._failed:
            _log.warning("ingest works again")
            self._failed = None
        for waiting, known in zip(group, duplicate, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(known)
        self._on_commit(self._log.committed)

    def _write(self, entries: list[Entry]) -> list[bool]:
        self._list_missing()
        fresh: dict[tuple[bytes, bytes], Entry] = {}
        duplicate = []
        for entry in entries:
            key = (entry.host, entry.batch)
            duplicate.append(key in fresh or self._ledger.known(*key))
            if not duplicate[-1]:
                fresh[key] = entry
        new = list(fresh.values())
        positions = self._log.commit(new) if new else []
        ends = [*positions[1:], self._log.committed]
        received = [
            Received(position, end, entry.received_ns, entry.batch, entry.host, entry.rows)
            for entry, position, end in zip(new, positions, ends, strict=bool(new))
        ]
        try:
            self._ledger.add(received, [e.host for e, known in zip(entries, duplicate, strict=True) if known])
        except sqlite3.Error as error:
            # The batches are on disk, so the answer is yes; nothing more is taken until the ledger knows them.
            _log.error("the ledger cannot be written: %s", error)
            self._unlisted = received
        return duplicate

    def _list_missing(self) -> None:
        if not self._unlisted:
            return
        try:
            self._ledger.add(self._unlisted)
        except sqlite3.Error as error:
            raise DiskFullError(f"the ledger cannot be written: {error}") from error
        self._unlisted = []


def catch_up(log: IngestLog, ledger: Ledger) -> int:
    """Enter into the ledger what the log has and the ledger has not; how many batches that were."""
    reader = LogReader(log.directory)
    position = max(ledger.upto, log.first_position())
    found = 0
    pending: list[Received] = []
    while (piece := reader.read(position, log.committed)) is not None:
        position = piece.end
        if isinstance(piece, Frame):
            pending.append(Received(piece.position, piece.end, piece.received_ns, piece.batch, piece.host, piece.rows))
            found += 1
        if len(pending) >= 1000:
            ledger.add(pending)
            pending.clear()
    if pending:
        ledger.add(pending)
    ledger.skip(log.committed)
    reader.close()
    return found
