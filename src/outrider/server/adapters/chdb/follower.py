"""From the ingest log into the table, exactly once.

The cursor on disk names the range of the log that the next insert takes before the insert begins; it moves on when the
insert is durable. After a crash only that range is in doubt: how many of its records are in the table is counted, and
none or all of them are the only answers that an insert of one part can leave (anything else is deleted and done again).
Nothing rests on the engine's own memory of insert tokens; they are given all the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from outrider.model.errors import LocalError
from outrider.protocols.uplink import Limits, Refusal, decode_batch
from outrider.server.adapters.chdb import cursor as cursors
from outrider.server.adapters.chdb.schema import COLUMNS, TABLE
from outrider.server.ingest.frames import Frame, Gap
from outrider.server.ingest.segments import LogReader, list_segments

_log = logging.getLogger(__name__)
_ENOUGH_ROWS = 10_000
_ENOUGH_BYTES = 8 << 20
_PAUSE = 0.5
_MAX_BACK_OFF = 15.0
_TIDY_SECONDS = 3600
_ANY = Limits(compressed=1 << 30, unpacked=1 << 30, rows=1 << 30)
_encoder = msgspec.msgpack.Encoder()


class Follower:
    """The writer's side of one session of the engine. ``open`` first, then ``run`` on a thread of its own."""

    def __init__(
        self,
        session: Any,
        log: Path,
        cursor_path: Path,
        report: Callable[[], None],
        trouble: Callable[[str], None],
        keep_days: int,
    ) -> None:
        self._session, self._log, self._path = session, log, cursor_path
        self._report, self._trouble, self._keep_days = report, trouble, keep_days
        self._reader = LogReader(log)
        self._news = threading.Condition()
        self._committed = 0
        self._stopping = False
        self._last = 0.0
        self.cursor = cursors.load(cursor_path)

    def open(self) -> list[str]:
        """Make the table, settle what a crash left in doubt, make good what the engine set aside; notes on all that.

        Raises ``LocalError`` where a newer engine has written here.
        """
        ((engine,),) = self._rows("SELECT version()")
        self._check_engine(engine)
        self._execute(TABLE)
        if not self.cursor.stored and self._rows("SELECT 1 FROM records LIMIT 1") and not self.cursor.intent:
            raise LocalError(
                f"there are records in the store but {self._path} is missing or empty: restore it, or move"
                f" {self._path.parent} away and what the ingest log still holds is stored again"
            )
        notes = self._settle()
        notes += self._replay_detached()
        self._expire()
        return notes

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
        """Follow until stopped. An insert that fails is tried again, the same range, for ever."""
        failures = 0
        tidied = time.monotonic()
        while self._wait_for_news():
            try:
                self._settle()
                self._step()
                if time.monotonic() - tidied > _TIDY_SECONDS:
                    self._expire()
                    tidied = time.monotonic()
            except LocalError as error:
                failures += 1
                self._trouble(str(error))
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
            self._news.wait_for(lambda: self._stopping or self._committed > self.cursor.stored)
            return self._committed > self.cursor.stored

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
            self._save(intent=(self.cursor.stored, end))
            self._insert(frames, f"{self.cursor.stored}-{end}")
        self._save(stored=end, intent=None, gaps=[*self.cursor.gaps, *gaps])
        self._last = time.monotonic()

    def _gather(self, start: int, limit: int) -> tuple[list[Frame], list[tuple[int, int]], int]:
        """Whole batches from ``start`` on, enough for one insert; the damage between them; where that ends."""
        frames: list[Frame] = []
        gaps: list[tuple[int, int]] = []
        position, rows, size = start, 0, 0
        while rows < _ENOUGH_ROWS and size < _ENOUGH_BYTES:
            piece = self._reader.read(position, limit)
            if piece is None:
                # Nothing but the head of a segment is left.
                return frames, gaps, limit
            if isinstance(piece, Gap):
                _log.error("ingest log: no good batch from %d to %d", piece.position, piece.end)
                gaps.append((piece.position, piece.end))
            elif frames and _day(piece) != _day(frames[0]):
                # Another day is another partition, and an insert must be one part.
                break
            else:
                frames.append(piece)
                rows, size = rows + piece.rows, size + len(piece.payload)
            position = piece.end
        return frames, gaps, position

    def _insert(self, frames: Sequence[Frame], token: str) -> None:
        """One insert of one part. Raises ``LocalError`` with the engine's words."""
        values: list[object] = []
        for frame in frames:
            head = (frame.received_ns // 10**9, frame.position)
            host = frame.host.hex()
            try:
                rows = decode_batch(frame.payload, _ANY)
            except Refusal as refusal:  # checked before it was acknowledged; only another version could think otherwise
                raise LocalError(f"the batch at {frame.position} cannot be read: {refusal}") from refusal
            for number, row in enumerate(rows):
                ts, *rest = msgspec.structs.astuple(row)
                values += (ts, *head, number, host, *rest)
        body = memoryview(_encoder.encode(values))[5 if len(values) > 0xFFFF else 3 if len(values) > 15 else 1 :]
        settings = f"async_insert = 0, max_insert_block_size = 1000000, insert_deduplication_token = '{token}'"
        try:
            with self._session.send_insert(f"INSERT INTO records ({COLUMNS}) SETTINGS {settings}", "MsgPack") as insert:
                insert.append(bytes(body))
                insert.finish()
        except Exception as error:
            raise LocalError(f"insert failed: {str(error)[:500]}") from error

    def _settle(self) -> list[str]:
        """Find out whether the insert that the cursor announces took place; if not, do it now."""
        if self.cursor.intent is None:
            return []
        start, end = self.cursor.intent
        again, gaps = self._make_good(start, end)
        self._save(stored=end, intent=None, gaps=[*self.cursor.gaps, *gaps])
        return [f"an insert of {again} records that was interrupted was done again"] if again else []

    def _replay_detached(self) -> list[str]:
        """Store again what lay in parts that the engine found damaged, as far back as the log goes."""
        found = self._rows("SELECT name, reason FROM system.detached_parts WHERE table = 'records'")
        fresh = [(name, reason) for name, reason in found if name not in self.cursor.detached]
        if not fresh:
            return []
        segments = list_segments(self._log)
        first = segments[0].start if segments else self.cursor.stored
        again, _ = self._make_good(first, self.cursor.stored)
        self._save(detached=[*self.cursor.detached, *(name for name, _ in fresh)])
        names = ", ".join(f"{name} ({reason or 'no reason given'})" for name, reason in fresh)
        return [f"the engine set damaged parts aside: {names}; {again} records were stored again from the log"]

    def _make_good(self, start: int, end: int) -> tuple[int, list[tuple[int, int]]]:
        """Insert the batches of this range of the log that are not whole in the table; the records inserted, and the
        damage in the log that has no records in the table. May be interrupted and done again."""
        there = dict(self._rows(f"SELECT pos, count() FROM records WHERE pos >= {start} AND pos < {end} GROUP BY pos"))
        position, again, lost = start, 0, []
        while position < end:
            frames, gaps, position = self._gather(position, end)
            lost += [gap for gap in gaps if not any(gap[0] <= pos < gap[1] for pos in there)]
            missing = [frame for frame in frames if there.get(frame.position, 0) != frame.rows]
            for frame in missing:
                if frame.position in there:
                    self._execute(f"DELETE FROM records WHERE pos = {frame.position}")
            if missing:
                # Another token than the first time: the engine would take the insert for the one it has seen.
                self._insert(missing, f"again-{missing[0].position}-{time.time_ns()}")
                again += sum(frame.rows for frame in missing)
        return again, lost

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


def _day(frame: Frame) -> int:
    return frame.received_ns // (86_400 * 10**9)


def _version(text: str) -> tuple[int, ...]:
    # Only the first two numbers change what is on disk.
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())
