"""The committer: an answer only after the commit, once for what comes twice, refusals when the disk is full."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from outrider.protocols.uplink import Reason, Refusal
from outrider.server.ingest.committer import Committer
from outrider.server.ingest.ledger import Ledger
from outrider.server.ingest.log import DiskFullError, Entry, IngestLog

HOST = b"h" * 16
MAX_WAITING = 4 << 20


class Rig:
    def __init__(self, tmp_path: Path) -> None:
        self.log, self.ledger = IngestLog(tmp_path / "log"), Ledger(tmp_path / "ledger")
        self.commits: list[int] = []
        self.committer = Committer(self.log, self.ledger, self.commits.append, MAX_WAITING)

    def entry(self, n: int) -> Entry:
        return Entry(1, n.to_bytes(16, "big"), HOST, 2, b"payload")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path)
    async with asyncio.TaskGroup() as group:
        group.create_task(rig.committer.run())
        yield rig
        rig.committer.stop()
    rig.committer.close()


async def submit_all(rig: Rig, numbers: list[int]) -> list[bool]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(rig.committer.submit(rig.entry(n))) for n in numbers]
    return [task.result() for task in tasks]


async def test_batches_that_arrive_together_share_a_commit(rig: Rig) -> None:
    assert await submit_all(rig, list(range(20))) == [False] * 20
    assert len(rig.commits) < 20
    assert rig.commits[-1] == rig.log.committed
    (count,) = await rig.committer.hosts()
    assert (count.batches, count.received) == (20, 40)


async def test_the_same_batch_is_stored_once_in_one_commit_and_over_several(rig: Rig) -> None:
    assert sorted(await submit_all(rig, [1, 1, 1])) == [False, True, True]
    assert await submit_all(rig, [1]) == [True]
    (count,) = await rig.committer.hosts()
    assert (count.batches, count.duplicates) == (1, 3)


async def test_a_full_disk_is_refused_and_forgotten_when_there_is_room(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(entries: list[Entry]) -> list[int]:
        raise DiskFullError("no room")

    monkeypatch.setattr(rig.log, "commit", full)
    with pytest.raises(Refusal) as caught:
        await rig.committer.submit(rig.entry(1))
    assert caught.value.reason is Reason.DISK_FULL
    problem = rig.committer.problem
    assert problem
    assert "no room" in problem.what
    assert "make room" in problem.fix
    monkeypatch.undo()
    assert await submit_all(rig, [1]) == [False]
    assert rig.committer.problem is None


async def test_a_ledger_that_cannot_be_written_never_makes_a_second_copy(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(rig.ledger, "add", full)
    assert await submit_all(rig, [1]) == [False]
    with pytest.raises(Refusal, match="ledger"):
        await rig.committer.submit(rig.entry(1))
    monkeypatch.undo()
    assert await submit_all(rig, [1, 2]) == [True, False]


async def test_a_store_that_is_too_far_behind_is_waited_for(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for n in range(4):
        rig.committer.admit()
        await rig.committer.submit(rig.entry(n)._replace(payload=b"x" * (1 << 20)))
    for _ in range(3):
        with pytest.raises(Refusal, match="4 MiB allowed") as caught:
            rig.committer.admit()
        assert caught.value.reason is Reason.OVERLOADED
    problem = rig.committer.problem
    assert problem
    assert problem.what in caplog.text
    assert "caught up" in problem.fix
    await rig.committer.stored(rig.log.committed - MAX_WAITING, [])
    assert rig.committer.problem is None
    rig.committer.admit()
    assert [record.message.split(":")[0] for record in caplog.records] == ["ingest refused", "ingest works again"]


async def test_a_new_ledger_does_not_count_what_the_log_no_longer_has(tmp_path: Path) -> None:
    log = IngestLog(tmp_path / "log", first=MAX_WAITING * 2)
    with contextlib.closing(Committer(log, Ledger(tmp_path / "ledger"), lambda position: None, MAX_WAITING)) as one:
        one.admit()


async def test_after_stop_nothing_is_taken(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.committer.stop()
    with pytest.raises(Refusal) as caught:
        await rig.committer.submit(rig.entry(1))
    assert caught.value.reason is Reason.STOPPING
    with contextlib.closing(rig.committer):
        await rig.committer.run()
