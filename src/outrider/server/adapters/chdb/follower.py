"""From the ingest log into the table, exactly once.

The cursor on disk names the range of the log that the next insert takes before the insert begins; it moves on when the
insert is durable. After a crash only that range is in doubt: how many of its records are in the table is counted, and
none or all of them are the only answers that an insert of one part can leave (anything else is deleted and done again).
Nothing rests on the engine's own memory of insert tokens; they are given all the same.

An insert is bounded by what its batches are when unpacked. One that fails, or that the process dies of, is tried again
with fewer batches, at last with one; the batch that fails alone again and again, while the engine takes another record,
is set aside as a file, and the others go on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from outrider.model.errors import LocalError
from outrider.protocols.uplink import Refusal, unpacked_size
from outrider.server.adapters.chdb import cursor as cursors
from outrider.server.adapters.chdb.aside import set_aside
from outrider.server.adapters.chdb.insert import GUILT_LIMIT, USUAL_GUILT, InsertError, insert
from outrider.server.adapters.chdb.schema import PROBE, TABLE
from outrider.server.ingest.frames import Frame, Gap
from outrider.server.ingest.segments import LogReader, list_segments

_log = logging.getLogger(__name__)
_ENOUGH_ROWS = 10_000
_ENOUGH_BYTES = 16 << 20
"""Of batches unpacked. The engine takes some times as much memory."""
_FEWER = 8
_PAUSE = 0.5
_MAX_BACK_OFF = 15.0
_TIDY_SECONDS = 3600


class Follower:
    """The writer's side of one session of the engine. ``open`` first, then ``run`` on a thread of its own."""

    def __init__(
        self,
        session: Any,
        log: Path,
        cursor_path: Path,
        report: Callable[[], None],
        trouble: Callable[[str], None],
        note: Callable[[str], None],
        keep_days: int,
    ) -> None:
        """``report``: the cursor moved; ``trouble``: why nothing is stored at present, empty when it is again;
        ``note``: what an operator must know. Raises ``LocalError`` for a cursor that cannot be read.
        """
        self._session, self._log, self._path = session, log, cursor_path
        self._report, self._trouble, self._note, self._keep_days = report, trouble, note, keep_days
        self._reader = LogReader(log)
        self._news = threading.Condition()
        self._committed = 0
        self._stopping = False
        self._last = 0.0
        self._looked_for_detached = False
        self._stored_again = 0
        self.cursor = cursors.load(cursor_path)
        self._in_doubt = self.cursor.intent is not None

    @property
    def aside(self) -> str:
        """What is to be said of the batches that were set aside; empty where there are none."""
        if not self.cursor.aside:
            return ""
        return (
            f"{len(self.cursor.aside)} batches could not be stored and lie in {self._aside_folder}, the reasons beside"
            " them; report the reason as a fault of Outrider and keep the files"
        )

    def open(self) -> None:
        """Make the table and see whether cursor, log and table belong together. Nothing is stored yet, so that whatever
        waits in the log cannot keep the store from being read.

        Raises ``LocalError`` where a newer engine has written here or they do not belong together.
        """
        ((engine,),) = self._rows("SELECT version()")
        self._check_engine(engine)
        self._execute(TABLE)
        self._execute(PROBE)
        self._check_cursor()
        if self.cursor.attempt:
            self._failed(USUAL_GUILT, "the store process ended while it stored this batch")

    def advance(self, committed: int) -> None:
        """The log is on disk up to here. From any thread."""
        with self._news:
            self._committed = max(self._committed, committed)
            self._news.notify()

    def stop(self) -> None:
        """End ``run`` when all that is committed is stored. From any thread."""
        with self._news:
            self._stopping = True
            self._news.notify()

    def run(self) -> None:
        """Follow until stopped. An insert that fails is tried again, smaller, until it works or one is set aside."""
        failures = 0
        tidied = -float("inf")
        reached = self.cursor.stored
        while self._wait_for_news():
            try:
                if not self._looked_for_detached:
                    self._rewind_for_detached()
                self._settle()
                if self._committed > self.cursor.stored:
                    self._step()
                if time.monotonic() - tidied > _TIDY_SECONDS:
                    self._expire()
                    tidied = time.monotonic()
            except LocalError as error:
                failures = 1 if self.cursor.stored != reached else failures + 1
                reached = self.cursor.stored
                self._trouble(str(error))
                if isinstance(error, InsertError):
                    self._failed(error.guilt, str(error))
                if self._stopped_within(min(0.2 * 2**failures, _MAX_BACK_OFF)):
                    return
                continue
            if failures:
                failures = 0
                self._trouble("")
            self._report()

    def _wait_for_news(self) -> bool:
        """False when there is nothing more to do."""
        with self._news:
            self._news.wait_for(lambda: self._stopping or self._work())
            return self._work()

    def _work(self) -> bool:
        return self._committed > self.cursor.stored or not self._looked_for_detached

    def _stopped_within(self, seconds: float) -> bool:
        with self._news:
            return self._news.wait_for(lambda: self._stopping, timeout=seconds)

    def _step(self) -> None:
        """Store the next range."""
        frames, gaps, end = self._gather(self.cursor.stored, self._committed)
        wait = self._last + _PAUSE - time.monotonic()
        if sum(frame.rows for frame in frames) < _ENOUGH_ROWS // 2 and end == self._committed and wait > 0:
            # A little later there is more, and one larger insert is cheaper than two.
            self._stopped_within(wait)
            frames, gaps, end = self._gather(self.cursor.stored, self._committed)
        if frames:
            self._save(intent=(self.cursor.stored, end), attempt=len(frames))
            insert(self._session, frames, f"{self.cursor.stored}-{end}")
        self._stored(end, None, gaps)
        self._last = time.monotonic()

    def _gather(self, start: int, limit: int) -> tuple[list[Frame], list[tuple[int, int]], int]:
        """Whole batches from ``start`` on, enough for one insert; the damage between them; where that ends."""
        frames: list[Frame] = []
        gaps: list[tuple[int, int]] = []
        position, rows, size = start, 0, 0
        while rows < _ENOUGH_ROWS and not (self.cursor.bite and len(frames) >= self.cursor.bite):
            piece = self._reader.read(position, limit)
            if piece is None:
                # Nothing but the head of a segment is left.
                return frames, gaps, limit
            if isinstance(piece, Gap):
                _log.error("ingest log: no good batch from %d to %d", piece.position, piece.end)
                gaps.append((piece.position, piece.end))
            else:
                size += _unpacked(piece)
                # Another day is another partition, and an insert must be one part.
                if frames and (size > _ENOUGH_BYTES or _day(piece) != _day(frames[0])):
                    break
                frames.append(piece)
                rows += piece.rows
            position = piece.end
        return frames, gaps, position

    def _settle(self) -> None:
        """Find out which batches of the range that the cursor announces are in the table; insert the others now.

        The cursor moves with every insert, so that what is left of the range may be interrupted and gone on with.
        """
        if self.cursor.intent is None:
            return
        position, end = self.cursor.intent
        range_ = f"pos >= {position} AND pos < {end}"
        there = dict(self._rows(f"SELECT pos, count() FROM records WHERE {range_} GROUP BY pos"))
        while position < end:
            frames, damage, after = self._gather(position, end)
            gaps = [gap for gap in damage if not any(gap[0] <= pos < gap[1] for pos in there)]
            missing = [frame for frame in frames if there.get(frame.position, 0) != frame.rows]
            for frame in missing:
                if frame.position in there:
                    self._execute(f"DELETE FROM records WHERE pos = {frame.position}")
            if len(missing) == 1 and self.cursor.guilt >= GUILT_LIMIT:
                self._set_aside(missing[0])
            gaps += [(frame.position, frame.end) for frame in missing if frame.position in self.cursor.aside]
            missing = [frame for frame in missing if frame.position not in self.cursor.aside]
            if missing:
                self._save(attempt=len(missing))
                # Another token than the first time: the engine would take the insert for the one it has seen.
                insert(self._session, missing, f"again-{missing[0].position}-{time.time_ns()}")
                self._stored_again += sum(frame.rows for frame in missing)
            position = after
            self._stored(position, (position, end) if position < end else None, gaps)
            self._report()
        if self._in_doubt and self._stored_again:
            self._note(f"{self._stored_again} records whose insert was interrupted or that were lost were stored again")
        self._in_doubt, self._stored_again = False, 0

    def _stored(self, end: int, intent: tuple[int, int] | None, gaps: list[tuple[int, int]]) -> None:
        """All below ``end`` is in the table, but for what lies in the gaps."""
        bite = self.cursor.bite * _FEWER
        fresh = [gap for gap in gaps if gap not in self.cursor.gaps]
        self._save(
            stored=end,
            intent=intent,
            gaps=[*self.cursor.gaps, *fresh],
            attempt=0,
            bite=bite if bite < _ENOUGH_ROWS else 0,
            guilt=0,
            reason="",
        )

    def _failed(self, guilt: int, reason: str) -> None:
        """The insert in progress failed: the next one takes fewer batches, or counts it against the only one."""
        batches = self.cursor.attempt
        if batches > 1:
            self._save(attempt=0, bite=max(1, batches // _FEWER), guilt=0)
        elif batches:
            self._save(attempt=0, bite=1, guilt=self.cursor.guilt + guilt, reason=reason)

    def _set_aside(self, frame: Frame) -> None:
        """Keep the batch as a file and go on without it. Raises ``LocalError`` where the engine takes nothing else
        either: then it is not the batch."""
        try:
            self._execute("INSERT INTO probe VALUES ('works')")
            self._execute("TRUNCATE TABLE probe")
        except LocalError:
            self._save(guilt=0, reason="")
            raise
        path = set_aside(self._aside_folder, frame, self.cursor.reason)
        self._save(aside=[*self.cursor.aside, frame.position], guilt=0, reason="")
        _log.error("%d records could not be stored and were set aside as %s", frame.rows, path)

    @property
    def _aside_folder(self) -> Path:
        return self._path.parent / "aside"

    def _rewind_for_detached(self) -> None:
        """Look for parts that the engine found damaged; what lay in them is in doubt, as far back as the log goes."""
        found = self._rows("SELECT name, reason FROM system.detached_parts WHERE table = 'records'")
        fresh = [(name, reason) for name, reason in found if name not in self.cursor.detached]
        if fresh:
            segments = list_segments(self._log)
            first = min(segments[0].start if segments else self.cursor.stored, self.cursor.stored)
            end = self.cursor.intent[1] if self.cursor.intent else self.cursor.stored
            names = [name for name, _ in fresh]
            self._in_doubt, intent = True, (first, end) if first < end else None
            self._save(stored=first, intent=intent, detached=[*self.cursor.detached, *names])
            listed = ", ".join(f"{name} ({reason or 'no reason given'})" for name, reason in fresh)
            self._note(f"the engine set damaged parts aside: {listed}; what they held is looked for in the log")
        self._looked_for_detached = True

    def _expire(self) -> None:
        """Drop whole days that were received longer ago than ``keep_days``."""
        old = self._rows(
            "SELECT DISTINCT partition_id FROM system.parts WHERE table = 'records' AND active"
            f" AND partition_id < formatDateTime(today() - {self._keep_days}, '%Y%m%d')"
        )
        for (partition,) in old:
            self._execute(f"ALTER TABLE records DROP PARTITION ID '{partition}'")
            _log.info("dropped the records received on %s", partition)

    def _check_engine(self, engine: str) -> None:
        if _version(self.cursor.engine) > _version(engine):
            raise LocalError(
                f"the store was written by engine {self.cursor.engine}; this one is {engine} and cannot read it:"
                " install the newer one again"
            )
        if self.cursor.engine != engine:
            self._save(engine=engine)

    def _check_cursor(self) -> None:
        here, end = self.cursor, max((segment.end for segment in list_segments(self._log)), default=0)
        reached = here.intent[1] if here.intent else here.stored
        if reached > end:
            raise LocalError(
                f"{self._path} says that the log is stored up to {reached}, and the log in {self._log} ends at"
                f" {end}; {cursors.remedy(self._path)}"
            )
        if not here.stored and not here.intent and self._rows("SELECT 1 FROM records LIMIT 1"):
            raise LocalError(
                f"there are records in the store but {self._path} is missing or empty; {cursors.remedy(self._path)}"
            )

    def _save(self, **changes: Any) -> None:
        self.cursor = msgspec.structs.replace(self.cursor, **changes)
        try:
            cursors.save(self._path, self.cursor)
        except OSError as error:
            raise LocalError(f"cannot write {self._path}: {error.strerror}") from error

    def _execute(self, sql: str) -> bytes:
        try:
            result = self._session.query(sql, "JSONCompactEachRow")
        except Exception as error:
            raise LocalError(f"the store's engine failed: {str(error)[:500]}") from error
        return bytes(result.bytes()) if result is not None else b""

    def _rows(self, sql: str) -> list[Any]:
        lines = self._execute(sql + " SETTINGS output_format_json_quote_64bit_integers = 0").splitlines()
        return [msgspec.json.decode(line) for line in lines]


def _unpacked(frame: Frame) -> int:
    try:
        return unpacked_size(frame.payload)
    except Refusal:
        # The insert says so, and of which batch.
        return 0


def _day(frame: Frame) -> int:
    return frame.received_ns // (86_400 * 10**9)


def _version(text: str) -> tuple[int, ...]:
    # Only the first two numbers change what is on disk.
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())
