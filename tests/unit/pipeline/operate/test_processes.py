"""Several processes of one pipeline."""

from __future__ import annotations

import asyncio
import io
import socket
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import UserError
from outrider.net.listen import Shared, UnixAddress
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.operate import processes
from outrider.pipeline.operate.peers import Numbers, Peers, answer
from outrider.pipeline.operate.status import InputStatus, Status
from outrider.pipeline.service import Service


def log() -> Log:
    return Log(Sink(io.StringIO()), "test")


def chunk(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


@pytest.mark.parametrize(
    ("number", "there"),
    [
        (1, {"in/a.chunk", "in/b.chunk", "in/c.chunk", "other/d.chunk"}),
        (2, {"process-0/in/a.chunk", "process-0/in/b.chunk", "process-1/in/c.chunk", "process-0/other/d.chunk"}),
        (3, {"process-0/in/a.chunk", "process-0/in/b.chunk", "process-1/in/c.chunk", "process-2/other/d.chunk"}),
    ],
)
def test_chunks_of_another_number_of_processes_are_found_again(tmp_path: Path, number: int, there: set[str]) -> None:
    suffix = processes.SUFFIX
    for name in ("in/a", "process-0/in/b", "process-1/in/c", "process-2/other/d"):
        chunk(tmp_path / f"{name}{suffix}")
    processes.gather(tmp_path, number, log())
    found = {str(path.relative_to(tmp_path)).replace(suffix, ".chunk") for path in tmp_path.glob(f"**/*{suffix}")}
    assert found == there


class FakeInstance:
    def __init__(self, kind: str, name: str, *, shared: bool) -> None:
        self.kind, self.name = kind, name
        self.plugin: Any = type("Plugin", (), {"shared": shared})()
        self.section: Any = type("Section", (), {"place": None})()


def plan(**service: Any) -> Any:
    instances: Any = [
        FakeInstance("input", "forward.0", shared=True),
        FakeInstance("input", "tail.1", shared=False),
        FakeInstance("filter", "grep.0", shared=False),
        FakeInstance("output", "file.0", shared=True),
    ]
    return processes.build.Plan(Service(**service), instances, log())


def test_what_each_process_runs() -> None:
    whole = plan(storage_path="/spool", http_server=True)
    first, second = processes.part(whole, 0), processes.part(whole, 1)
    assert [item.name for item in first.instances] == ["forward.0", "tail.1", "grep.0", "file.0"]
    assert [item.name for item in second.instances] == ["forward.0", "grep.0", "file.0"]
    assert (first.service.storage_path, second.service.storage_path) == ("/spool/process-0", "/spool/process-1")
    assert (first.service.http_server, second.service.http_server) == (True, False)


def test_an_output_that_cannot_be_shared() -> None:
    whole = plan()
    whole.instances.append(FakeInstance("output", "exporter.1", shared=False))
    with pytest.raises(UserError, match=r"exporter\.1.*several processes"):
        processes.check(whole)


def test_how_many() -> None:
    assert processes.count(plan(processes=3)) == 3
    assert processes.count(plan(processes=0)) >= 1


def test_shared_unix_sockets(tmp_path: Path) -> None:
    shared = Shared()
    path = str(tmp_path / "s")
    shared.bind([UnixAddress(path, 0o600)])
    copy = shared.unix(path)
    assert copy.getsockname() == path
    with pytest.raises(Exception, match="restart instead of reloading"):
        shared.unix(str(tmp_path / "other"))
    copy.close()
    shared.close()
    assert not Path(path).exists()


async def test_the_first_process_asks_the_others() -> None:
    ours, theirs = socket.socketpair()
    silent, dead = socket.socketpair()

    def numbers(records: int) -> Numbers:
        sheet = {"balance": True, "inputs": {"in": {"accepted": records}}, "outputs": {}, "tags": []}
        return Numbers(Status([InputStatus("in", records)]), sheet, (records, 0))

    peers = Peers([ours])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(answer(theirs, lambda: numbers(2)))
        for _ in range(2):
            total = await peers.all_numbers(numbers(1))
            assert total.status.inputs == [InputStatus("in", 3)]
            assert total.ledger["inputs"] == {"in": {"accepted": 3}}
            assert total.failures == (3, 0)
        task.cancel()
    dead.close()
    assert (await Peers([silent]).all_numbers(numbers(1))).failures == (1, 0)


async def test_the_answer_to_a_question_that_was_given_up_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    peers = Peers([ours])
    monkeypatch.setattr("outrider.pipeline.operate.peers._SECONDS", 0.01)
    own = Numbers(Status(), {"balance": True, "inputs": {}, "outputs": {}, "tags": []}, (1, 0))
    assert (await peers.all_numbers(own)).failures == (1, 0)
    monkeypatch.setattr("outrider.pipeline.operate.peers._SECONDS", 20.0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(answer(theirs, lambda: own))
        assert (await peers.all_numbers(own)).failures == (2, 0)
        task.cancel()
