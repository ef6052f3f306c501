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
        self.poison: dict[str, Exception | type[BaseException]] = {}
        """What an insert raises that has such a message in it."""
        self.probe: Exception | None = None
        self.inserts: list[int] = []
        """Bytes of the inserts that were tried."""

    def query(self, sql: str, form: str = "") -> SimpleNamespace:
        if "INTO probe" in sql and self.probe:
            raise self.probe
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
        self._engine.inserts.append(len(self._body))
        for message, error in self._engine.poison.items():
            if any(row[11] == message for row in rows):
                raise error
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
    told: list[str] = [] if trouble is None else trouble
    found = Follower(engine, log.directory, folder / "cursor.json", lambda: None, told.append, told.append, 30)
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


REFUSED = RuntimeError("Code: 241. Query memory limit exceeded")


@pytest.mark.parametrize("error", [REFUSED, Crash], ids=["the engine refuses it", "the process dies of it"])
def test_a_batch_that_cannot_be_stored_is_set_aside_and_the_others_go_on(
    tmp_path: Path, error: Exception | type[BaseException]
) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    positions = log.commit([batch(n, 2) for n in range(40)])
    engine.poison = {"17/1": error, "30/0": error}
    done = follow(engine, tmp_path, log)
    assert Counter(message for _, _, message in engine.rows) == Counter(
        f"{n}/{i}" for n in range(40) if n not in (17, 30) for i in range(2)
    )
    assert done.cursor.aside == [positions[17], positions[30]]
    assert done.cursor.gaps == [(positions[n], positions[n + 1]) for n in (17, 30)]
    assert done.cursor.stored == log.committed
    assert "2 batches" in done.aside
    first, second = sorted((tmp_path / "aside").glob("*.batch"))
    assert first.read_bytes() == batch(17, 2).payload
    assert second.read_bytes() == batch(30, 2).payload
    assert first.with_suffix(".reason").read_text().strip()
    assert follow(engine, tmp_path, log).cursor.aside == [positions[17], positions[30]]


def test_a_batch_that_nobody_can_read_is_set_aside_at_once(tmp_path: Path) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    log.commit([batch(0, 1), Entry(1, b"b" * 16, b"h" * 16, 1, b"no frame at all"), batch(2, 1)])
    done = follow(engine, tmp_path, log)
    assert len(done.cursor.aside) == 1
    assert [message for _, _, message in engine.rows] == ["0/0", "2/0"]


@pytest.mark.parametrize(
    ("error", "probe"),
    [
        (RuntimeError("Code: 243. Cannot reserve 1.00 MiB, not enough space"), None),
        (REFUSED, RuntimeError("Code: 241. memory limit exceeded")),
    ],
    ids=["the disk is full", "the engine takes nothing else either"],
)
def test_what_is_not_the_fault_of_the_batch_is_waited_for(
    tmp_path: Path, error: Exception, probe: Exception | None
) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    log.commit([batch(n, 1) for n in range(3)])
    engine.poison, engine.probe = {f"{n}/0": error for n in range(3)}, probe
    one = follower(engine, tmp_path, log)
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 50:
            engine.poison, engine.probe = {}, None
        return False

    one._stopped_within = wait  # type: ignore[method-assign]
    one.open()
    one.advance(log.committed)
    one.stop()
    one.run()
    assert len(engine.rows) == 3
    assert one.cursor.aside == []
    assert waits[2] > waits[1]
    assert max(waits) == 15


def test_an_insert_is_bounded_by_what_it_is_unpacked(tmp_path: Path) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    large = encode_batch([Row(1, "t", "c", "", "", "", "", "A" * 1_000_000, {}) for _ in range(5)])
    log.commit([Entry(n, n.to_bytes(16, "big"), b"h" * 16, 5, large) for n in range(10)])
    follow(engine, tmp_path, log)
    assert len(engine.rows) == 50
    assert max(engine.inserts) <= 17 << 20


def test_opening_stores_nothing_so_that_the_store_can_be_read(tmp_path: Path) -> None:
    log, engine = IngestLog(tmp_path / "log"), Engine()
    log.commit([batch(0, 1)])
    cursors.save(tmp_path / "cursor.json", cursors.Cursor(intent=(0, log.committed), attempt=1))
    engine.poison = {"0/0": Crash}
    follower(engine, tmp_path, log).open()
    assert engine.inserts == []


@pytest.mark.parametrize(
    "text",
    ['{"stored": 99999999999}', '{"intent": [0, 99999999999]}', '{"stored": -1}', '{"stored": 9, "intent": [3, 2]}'],
)
def test_a_cursor_that_cannot_be_right_is_explained(tmp_path: Path, text: str) -> None:
    log = IngestLog(tmp_path / "log")
    (tmp_path / "cursor.json").write_text(text)
    with pytest.raises(LocalError, match=r"cursor\.json.*restore it from a backup, or move"):
        follower(Engine(), tmp_path, log).open()


FAULTS = st.lists(st.sampled_from(["", "refused", "crash before", "crash after", "error after", "half"]), max_size=8)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=8), faults=FAULTS, data=st.data())
def test_exactly_once_whatever_goes_wrong(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], faults: list[str], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("f")
    log, engine = IngestLog(folder / "log", segment_bytes=400), Engine()
    engine.faults = list(faults)
    split = data.draw(st.integers(0, len(sizes)))
    positions: list[int] = []
    for part in (range(split), range(split, len(sizes))):
        for n in part:
            positions += log.commit([batch(n, sizes[n], day=data.draw(st.integers(0, 1)))])
        done = follow(engine, folder, log)
    # A batch that is refused again and again is set aside: every batch is in the store or there, once and whole.
    stored = [n for n in range(len(sizes)) if positions[n] not in done.cursor.aside]
    assert Counter(message for _, _, message in engine.rows) == Counter(
        f"{n}/{i}" for n in stored for i in range(sizes[n])
    )
    assert len(done.cursor.aside) == len(list(folder.glob("aside/*.batch"))) == len(sizes) - len(stored)
    if len(faults) - faults.count("") < 4:
        assert not done.cursor.aside
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
    told: list[str] = []
    for _ in range(2):
        one = follower(engine, tmp_path, log, told)
        one.open()
        one.stop()
        one.run()
    set_aside, again = told
    assert "broken-on-start_1" in set_aside
    assert "4 records" in again
    assert len(engine.rows) == len(set(engine.rows)) == 6
    assert one.cursor.stored == log.committed


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
    one = follower(engine, tmp_path, log, told)
    one.open()
    one.advance(log.committed)
    one.stop()
    one.run()
    assert ["memory limit" in text for text in told] == [True, True, False]
    assert told[-1] == ""
