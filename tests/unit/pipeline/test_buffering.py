"""Memory limits and the spool: what is accepted is not lost, and memory stays bounded."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import PeerError
from outrider.pipeline.plugin import Delivery
from outrider.spool import chunkfile

KB = "x" * 1000


def config(spool: Path | None = None, *, limit: str = "", filtered: bool = True, outputs: int = 1) -> str:
    lines = []
    if spool:
        lines += [f"  storage.path {spool}"]
    lines += ["[INPUT]", "  Name steered"]
    if spool:
        lines += ["  storage.type filesystem"]
    if limit:
        lines += [f"  Mem_Buf_Limit {limit}"]
    if filtered:
        lines += ["[FILTER]", "  Name steered", "  Match *"]
    for _ in range(outputs):
        lines += ["[OUTPUT]", "  Name steered", "  Match *", "  Retry_Limit False"]
    return "\n".join(lines) + "\n"


def chunks(spool: Path) -> list[Path]:
    return sorted(spool.rglob(f"*{chunkfile.SUFFIX}"))


def kill_peer(running: Any) -> None:
    running.output().always = PeerError("dead")


# -- memory


async def test_at_the_limit_the_input_pauses_and_resumes_when_there_is_room(pipeline: Any) -> None:
    async with pipeline(config(limit="10K")) as running:
        running.output().gate.clear()
        sent = 0
        while not running.intake().full:
            running.input().push("app", {"n": sent, "pad": KB})
            sent += 1
        assert running.input().calls == ["pause"]
        assert 10_000 <= running.intake().held < 11_200
        running.output().gate.set()
        await running.until(lambda: running.input().calls == ["pause", "resume"])
        assert not running.intake().full
        await running.settled()
    assert running.numbers() == list(range(sent))
    assert running.intake().held == 0
    assert "paused (mem buf overlimit)" in running.log.getvalue()


async def test_records_that_wait_for_a_retry_count_against_the_limit(pipeline: Any) -> None:
    async with pipeline(config(limit="20K")) as running:
        running.output().always = PeerError("dead")
        for n in range(9):
            running.input().push(f"tag{n}", {"n": n, "pad": KB})
        await running.until(lambda: running.sent()["retried"] >= 9)
        assert not running.intake().full
        assert running.intake().held > 18_000
        running.input().push("last", {"n": 9, "pad": KB})
        assert running.intake().full
        running.output().always = None
        await running.settled()
    assert running.numbers() == list(range(10))
    assert running.input().calls == ["pause", "resume"]


async def test_made_up_tags_cost_more_than_their_records(pipeline: Any) -> None:
    """A chunk has a price of its own, so a sender cannot fill the memory with tiny chunks below the limit."""
    async with pipeline(config(limit="100K")) as running:
        running.output().gate.clear()
        for n in range(100):
            running.input().push(f"tag{n}", {"n": n})
        assert running.intake().full
        running.output().gate.set()
        await running.settled()
    assert running.numbers() == list(range(100))


async def test_an_input_that_asks_late_is_told_that_it_must_wait(pipeline: Any) -> None:
    async with pipeline(config(limit="1K")) as running:
        running.output().gate.clear()
        running.input().push("app", {"n": 0, "pad": KB})
        calls: list[str] = []
        running.intake().on_room(lambda: calls.append("pause"), lambda: calls.append("resume"))
        assert calls == ["pause"]
        running.output().gate.set()
        await running.until(lambda: calls == ["pause", "resume"])


# -- spool


async def test_delivered_chunks_leave_the_spool(pipeline: Any, tmp_path: Path) -> None:
    async with pipeline(config(tmp_path / "spool"), flush="3600") as running:
        running.input().push("app", {"n": 1})
        (chunk,) = chunks(tmp_path)
        assert chunk.parent == tmp_path / "spool" / "steered.0"
        assert chunk.stat().st_mode & 0o077 == 0
    assert running.numbers() == [1]
    assert chunks(tmp_path) == []


@pytest.mark.parametrize("filtered", [False, True])
@pytest.mark.parametrize("outputs", [1, 2])
async def test_over_the_limit_the_spool_takes_it_and_the_input_goes_on(
    pipeline: Any, tmp_path: Path, filtered: bool, outputs: int
) -> None:
    text = config(tmp_path / "spool", limit="10K", filtered=filtered, outputs=outputs)
    async with pipeline(text) as running:
        slow = running.output(outputs - 1)
        slow.gate.clear()
        for n in range(200):
            running.input().push("app", {"n": n, "pad": KB})
            if n % 20 == 0:
                await asyncio.sleep(0.01)
            assert running.intake().held <= 11_200
        assert running.input().calls == []
        if outputs == 2:
            await running.until(lambda: len(running.output(0).records) == 200)
        slow.gate.set()
        await running.settled()
    for number in range(outputs):
        assert running.numbers(number) == list(range(200))
    assert chunks(tmp_path) == []


@pytest.mark.parametrize("filtered", [False, True])
async def test_with_a_spool_a_dead_peer_never_pauses_the_input(pipeline: Any, tmp_path: Path, filtered: bool) -> None:
    async with pipeline(config(tmp_path / "spool", limit="10K", filtered=filtered)) as running:
        running.output().always = PeerError("dead")
        for n in range(100):
            running.input().push("app", {"n": n, "pad": KB})
            await asyncio.sleep(0.001)
        await running.until(lambda: running.sent()["retried"] > 100)
        assert running.input().calls == []
        running.output().always = None
        await running.settled()
    assert running.numbers() == list(range(100))


async def test_the_spool_has_a_limit_too(pipeline: Any, tmp_path: Path) -> None:
    text = config(tmp_path / "spool").replace("filesystem", "filesystem\n  storage.limit_size 10K")
    async with pipeline(text) as running:
        running.output().gate.clear()
        sent = 0
        while not running.intake().full:
            running.input().push("app", {"n": sent, "pad": KB})
            sent += 1
        assert 10_000 <= running.intake().stored < 11_500
        running.output().gate.set()
        await running.until(lambda: running.input().calls == ["pause", "resume"])
        await running.settled()
    assert running.numbers() == list(range(sent))


async def test_a_spool_copied_at_any_moment_holds_what_was_not_delivered(
    built: Any, pipeline: Any, tmp_path: Path
) -> None:
    spool, copy = tmp_path / "spool", tmp_path / "copy"
    async with pipeline(config(spool)) as running:
        running.output().always = PeerError("dead")
        for n in range(10):
            running.input().push(f"tag{n % 3}", {"n": n})
            await asyncio.sleep(0.003)
        running.output().gate.clear()
        for n in range(10, 20):
            running.input().push("open", {"n": n})
        shutil.copytree(spool, copy)
        running.output().gate.set()
        running.output().always = None
        await running.settled()
    async with pipeline(config(copy)) as again:
        await again.settled()
    assert again.numbers() == list(range(20))
    assert again.taken()["accepted"] == 20
    assert chunks(copy) == []


async def test_what_is_not_delivered_at_the_stop_stays_in_the_spool(pipeline: Any, tmp_path: Path) -> None:
    text = config(tmp_path / "spool")
    async with pipeline(text, grace=0) as running:
        running.output().gate.clear()
        for n in range(5):
            running.input().push(f"tag{n}", {"n": n})
        await running.until(lambda: running.output().under_way)
    taken, sent = running.taken(), running.sent()
    assert taken["waiting"] + sent["buffered"] == 5
    assert not taken["dropped"]
    assert not sent["dropped"]
    assert "5 records stay in the spool" in running.log.getvalue()
    assert "chunks not delivered" in running.log.getvalue()
    assert "[error]" not in running.log.getvalue()
    assert "fix:" not in running.log.getvalue()
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers() == list(range(5))


async def test_a_stop_with_a_dead_peer_does_not_give_up_what_the_spool_can_keep(pipeline: Any, tmp_path: Path) -> None:
    text = config(tmp_path / "spool").replace("Retry_Limit False", "Retry_Limit no_retries")
    async with pipeline(text, kill_peer, grace=1) as running:
        running.output().gate.clear()
        running.input().push("app", {"n": 1})
        await running.until(lambda: running.output().under_way)
        running.engine.stop()
        await running.until(lambda: "stopping: 1 chunks" in running.log.getvalue())
        running.output().gate.set()
    assert running.sent()["dropped"] == {}
    assert running.sent()["retried"] > 0
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers() == [1]


async def test_with_a_spool_what_is_under_way_does_not_count_against_the_limit(pipeline: Any, tmp_path: Path) -> None:
    text = config(tmp_path / "spool", limit="10K") + "  Workers 2\n"
    async with pipeline(text) as running:
        running.output().gate.clear()
        for n in range(2):
            running.input().push(f"tag{n}", {"n": n, "pad": KB * 4})
            await running.until(lambda n=n: running.output().under_way == n + 1)
        for n in range(2, 22):
            running.input().push("last", {"n": n, "pad": "x" * 300})
        assert running.input().calls == []
        assert len(chunks(tmp_path)) == 3, "the open chunk was not sealed for want of room"
        running.output().gate.set()
        await running.settled()
    assert running.numbers() == list(range(22))


async def test_an_output_that_has_delivered_does_not_get_the_chunk_again(pipeline: Any, tmp_path: Path) -> None:
    text = config(tmp_path / "spool", outputs=2)
    async with pipeline(text, grace=0) as running:
        running.output(1).always = PeerError("dead")
        running.input().push("app", {"n": 1}, {"n": 2})
        await running.until(lambda: running.sent("steered.1")["retried"] > 2 and running.output(0).sent)
    assert running.numbers() == [1, 2]
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers(0) == []
    assert again.numbers(1) == [1, 2]


async def test_a_chunk_is_filtered_once_also_across_a_restart(pipeline: Any, tmp_path: Path) -> None:
    def count(batch: Any) -> None:
        for record in batch.records:
            record["filtered"] = record.get("filtered", 0) + 1

    text = config(tmp_path / "spool")
    async with pipeline(text, grace=0) as running:
        running.filter().action = count
        running.output().always = PeerError("dead")
        running.input().push("app", {"n": 1})
        await running.until(lambda: running.sent()["retried"])
    async with pipeline(text, lambda again: setattr(again.filter(), "action", count)) as again:
        await again.settled()
    assert again.output().records == [{"n": 1, "filtered": 1}]


async def test_recovered_chunks_survive_another_failure(pipeline: Any, tmp_path: Path) -> None:
    text = config(tmp_path / "spool", filtered=False)
    for attempt in range(3):
        async with pipeline(text, kill_peer, grace=0) as running:
            if not attempt:
                running.input().push("app", {"n": 1})
            await running.until(lambda: running.sent()["retried"])
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers() == [1]


async def test_damage_is_told_set_aside_and_the_rest_delivered(pipeline: Any, tmp_path: Path) -> None:
    text = config(tmp_path / "spool")
    async with pipeline(text, grace=0, flush="3600") as running:
        running.output().gate.clear()
        for n in range(3):
            running.input().push("app", {"n": n, "word": f"word{n}"})
    (path,) = chunks(tmp_path)
    contents = path.read_bytes()
    path.write_bytes(contents.replace(b"word1", b"worm1"))
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers() == [0, 2]
    assert "2 records recovered" in again.log.getvalue()
    assert path.with_suffix(chunkfile.BROKEN).read_bytes() == contents.replace(b"word1", b"worm1")


async def test_a_chunk_of_an_unknown_form_stays_where_it_is(pipeline: Any, tmp_path: Path) -> None:
    directory = tmp_path / "spool" / "steered.0"
    directory.mkdir(parents=True)
    file = chunkfile.ChunkFile(directory, chunkfile.Header("1" * 32, "app", "from.the.future", 1), sync=False)
    file.append(b"raw", 3)
    file.seal()
    async with pipeline(config(tmp_path / "spool")) as running:
        await running.settled()
    assert running.taken()["dropped"] == {"unreadable chunk": 3}
    assert [path.suffix for path in directory.iterdir()] == [chunkfile.SUFFIX]
    assert "form 'from.the.future', which nothing here knows; its file stays as it is" in running.log.getvalue()


async def test_chunks_of_an_input_that_is_gone_are_told(pipeline: Any, tmp_path: Path) -> None:
    text = config(tmp_path / "spool")
    async with pipeline(text, grace=0) as running:
        running.output().gate.clear()
        running.input().push("app", {"n": 1})
    renamed = text.replace("[INPUT]\n  Name steered", "[INPUT]\n  Name steered\n  Alias other")
    async with pipeline(renamed) as again:
        await again.settled()
    assert "1 chunks in" in again.log.getvalue()
    assert "fix: give the input 'Alias steered.0'" in again.log.getvalue()
    async with pipeline(text) as right:
        await right.settled()
    assert right.numbers() == [1]
    assert "wait for an input" not in right.log.getvalue()


# -- disk trouble


class Disk:
    """``os.write`` of chunk files, full or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._write = os.write
        monkeypatch.setattr(chunkfile.os, "write", self.write)

    def write(self, fd: int, data: Any) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(fd, data)


@pytest.mark.parametrize("when", ["at first", "later"])
async def test_a_full_disk_is_told_and_records_are_kept_in_memory(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    disk = Disk(monkeypatch)
    async with pipeline(config(tmp_path / "spool"), flush="3600") as running:
        disk.full = when == "at first"
        for n in range(10):
            if n == 5:
                disk.full = True
            running.input().push("app", {"n": n})
        assert "No space left on device" in running.intake().trouble
        assert running.intake().append("raw", "records", b"\x93\x90\x90\xc0", 0) is False
        disk.full = False
        running.input().push("other", {"n": 10})
        assert running.intake().trouble == ""
        assert running.intake().append("other", "records", b"\x93\x90\x90\xc0", 0) is True
    assert running.numbers() == list(range(11))
    assert "records are kept in memory only; fix: free disk space" in running.log.getvalue()
    assert chunks(tmp_path) == []


async def test_a_full_disk_with_a_limit_pushes_back(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    async with pipeline(config(tmp_path / "spool", limit="10K")) as running:
        running.output().gate.clear()
        disk.full = True
        sent = 0
        while not running.intake().full:
            running.input().push("app", {"n": sent, "pad": KB})
            sent += 1
        assert sent < 15
        disk.full = False
        running.output().gate.set()
        await running.settled()
        assert running.input().calls == ["pause", "resume"]
    assert running.numbers() == list(range(sent))


async def test_a_full_disk_while_filtered_records_are_parked(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)

    def fill_and_fail(batch: Any) -> Delivery:
        disk.full = True
        raise PeerError("dead")

    async with pipeline(config(tmp_path / "spool")) as running:
        running.output().answers = [fill_and_fail, fill_and_fail]
        running.input().push("app", {"n": 1}, {"n": 2})
        await running.settled()
    assert running.numbers() == [1, 2]
    assert running.sent()["delivered"] == 2
