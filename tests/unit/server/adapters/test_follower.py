"""The follower against an engine that fails at any moment: what is in the log is in the table once."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.model.errors import LocalError
from outrider.protocols.uplink import Row, encode_batch
from outrider.server.adapters.chdb import cursor as cursors
from outrider.server.adapters.chdb.follower import Follower
from outrider.server.ingest.log import Entry, IngestLog
from outrider.server.ingest.segments import list_segments

COLUMNS = 13
EXAMPLES = int(os.environ.get("OUTRIDER_EXAMPLES", "25"))
"""Each syncs many small files; 150 are a thorough run. The same with real crashes is in tests/integration/server."""


class Crash(BaseException):
    """The process ends here."""


class Engine:
    """A table of (position, number, message), and a script of what goes wrong with the next inserts."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, str]] = []
        self.faults: list[str] = []
        self.detached: list[tuple[str, str]] = []
        self.version = "26.9.1"

    def query(self, sql: str, form: str = "") -> SimpleNamespace:
        return SimpleNamespace(bytes=lambda: b"\n".join(msgspec.json.encode(line) for line in self._lines(sql)))

    def _lines(self, sql: str) -> list[Any]:
        if "GROUP BY pos" in sql:
            start, end = map(int, re.findall(r"pos >=? ?<? ?(\d+)", sql.replace("<", ">=")))
            return list(Counter(pos for pos, _, _ in self.rows if start <= pos < end).items())
        if sql.startswith("DELETE"):
            gone = int(re.findall(r"pos = (\d+)", sql)[0])
            self.rows = [row for row in self.rows if row[0] != gone]
            return []
        if "version()" in sql:
            return [[self.version]]
        if "detached_parts" in sql:
            return self.detached
        if "LIMIT 1" in sql:
            return [[1]] if self.rows else []
        return []

    def send_insert(self, sql: str, form: str) -> _Insert:
        return _Insert(self)


class _Insert:
    def __init__(self, engine: Engine) -> None:
        self._engine, self._body = engine, b""

    def __enter__(self) -> _Insert:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def append(self, body: bytes) -> None:
        self._body += body

    def finish(self) -> None:
        fault = self._engine.faults.pop(0) if self._engine.faults else ""
        if fault == "refused":
            raise RuntimeError("Code: 241. memory limit exceeded")
        if fault == "crash before":
            raise Crash
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        unpacker.feed(self._body)
        values = list(unpacker)
        assert len(values) % COLUMNS == 0
        rows = [values[at : at + COLUMNS] for at in range(0, len(values), COLUMNS)]
        if fault == "half":  # no engine does this with one part; the follower would put it right all the same
            rows = rows[: len(rows) // 2]
        self._engine.rows += [(row[2], row[3], row[11]) for row in rows]
        if fault in ("crash after", "half"):
            raise Crash
        if fault == "error after":
            raise RuntimeError("connection lost after the commit")


def batch(n: int, rows: int, day: int = 0) -> Entry:
    body = encode_batch([Row(n, "t", "c", "", "", "", "", f"{n}/{i}", {}) for i in range(rows)])
    return Entry(day * 86_400 * 10**9 + n, n.to_bytes(16, "big"), b"h" * 16, rows, body)


def follower(engine: Engine, folder: Path, log: IngestLog, trouble: list[str] | None = None) -> Follower:
    found = Follower(engine, log.directory, folder / "cursor.json", lambda: None, (trouble or []).append, 30)
    found._stopped_within = lambda seconds: False  # type: ignore[method-assign] # no waiting
    return found


def follow(engine: Engine, folder: Path, log: IngestLog) -> Follower:
    """As the process does it: started again after each crash until everything is stored."""
    for _ in range(100):
        one = follower(engine, folder, log)
        try:
            one.open()
            one.advance(log.committed)
            one.stop()
            one.run()
        except (Crash, LocalError):
            continue
        return one
    raise AssertionError("never done")


FAULTS = st.lists(st.sampled_from(["", "refused", "crash before", "crash after", "error after", "half"]), max_size=8)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=8), faults=FAULTS, data=st.data())
def test_exactly_once_whatever_goes_wrong(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], faults: list[str], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("f")
    log, engine = IngestLog(folder / "log", segment_bytes=400), Engine()
    engine.faults = faults
    split = data.draw(st.integers(0, len(sizes)))
    for part in (range(split), range(split, len(sizes))):
        for n in part:
            log.commit([batch(n, sizes[n], day=data.draw(st.integers(0, 1)))])
        done = follow(engine, folder, log)
    assert Counter(message for _, _, message in engine.rows) == Counter(
        f"{n}/{i}" for n, size in enumerate(sizes) for i in range(size)
    )
    assert done.cursor.stored == log.committed
    assert done.cursor.intent is None


def test_one_insert_never_spans_two_days(tmp_path: Path) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    log.commit([batch(0, 1, day=1), batch(1, 1, day=1), batch(2, 1, day=2)])
    ends: list[int] = []
    one = follower(engine, tmp_path, log)
    one._report = lambda: ends.append(one.cursor.stored)  # type: ignore[method-assign]
    one.open()
    one.advance(log.committed)
    one.stop()
    one.run()
    assert len(ends) == 2
    assert len(engine.rows) == 3


def test_damage_in_the_log_is_remembered(tmp_path: Path) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    positions = log.commit([batch(n, 2) for n in range(3)])
    (segment,) = list_segments(log.directory)
    with segment.path.open("r+b") as file:
        file.seek(positions[1] + 60)
        file.write(b"\0\0\0\0")
    done = follow(engine, tmp_path, log)
    assert done.cursor.gaps == [(positions[1], positions[2])]
    assert {message for _, _, message in engine.rows} == {"0/0", "0/1", "2/0", "2/1"}


def test_detached_parts_are_made_good_once(tmp_path: Path) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    positions = log.commit([batch(n, 2) for n in range(3)])
    follow(engine, tmp_path, log)
    engine.rows = [row for row in engine.rows if row[0] != positions[1]][:-1]
    engine.detached = [("broken-on-start_1", "broken-on-start")]
    one = follower(engine, tmp_path, log)
    (note,) = one.open()
    assert "broken-on-start_1" in note
    assert "4 records" in note
    assert len(engine.rows) == len(set(engine.rows)) == 6
    assert follower(engine, tmp_path, log).open() == []


def test_a_store_of_a_newer_engine_is_not_touched(tmp_path: Path) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    cursors.save(tmp_path / "cursor.json", cursors.Cursor(engine="26.10.3"))
    with pytest.raises(LocalError, match=r"26\.10\.3"):
        follower(engine, tmp_path, log).open()


def test_records_without_a_cursor_are_not_stored_again(tmp_path: Path) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    log.commit([batch(0, 1)])
    follow(engine, tmp_path, log)
    (tmp_path / "cursor.json").unlink()
    with pytest.raises(LocalError, match="missing"):
        follower(engine, tmp_path, log).open()


def test_a_damaged_cursor_is_explained(tmp_path: Path) -> None:
    (tmp_path / "cursor.json").write_bytes(b"\xff{")
    with pytest.raises(LocalError, match="damaged"):
        cursors.load(tmp_path / "cursor.json")


def test_trouble_is_told_and_withdrawn(tmp_path: Path) -> None:
    log, engine, told = IngestLog(tmp_path / "log"), Engine(), []
    log.commit([batch(0, 1)])
    engine.faults = ["refused", "refused"]
    one = Follower(engine, log.directory, tmp_path / "cursor.json", lambda: None, told.append, 30)
    one._stopped_within = lambda seconds: False  # type: ignore[method-assign]
    one.open()
    one.advance(log.committed)
    one.stop()
    one.run()
    assert ["memory limit" in text for text in told] == [True, True, False]
    assert told[-1] == ""
