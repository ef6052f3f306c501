"""Spill before you pause; what a limit drops is the oldest of one output, and counted; what [SERVICE] says for all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import PeerError, UserError
from outrider.spool import chunkfile

KB = "x" * 1000
OUTPUT = "[OUTPUT]\n  Name steered\n  Match *\n  Retry_Limit False\n"
FILTER = "[FILTER]\n  Name steered\n  Match *\n"


def files(directory: Path) -> list[Path]:
    return sorted(directory.rglob(f"*{chunkfile.SUFFIX}"))


def memory_input(spool: Path, limit: str, outputs: int = 1, *, filtered: bool = False) -> str:
    text = f"  storage.path {spool}\n[INPUT]\n  Name steered\n  Mem_Buf_Limit {limit}\n"
    return text + FILTER * filtered + OUTPUT * outputs


# -- a memory input with a disk beside it


@pytest.mark.parametrize("filtered", [False, True])
async def test_a_dead_output_delays_no_other(pipeline: Any, tmp_path: Path, filtered: bool) -> None:
    async with pipeline(memory_input(tmp_path, "20K", 2, filtered=filtered)) as running:
        running.output(0).always = PeerError("dead")
        for n in range(200):
            running.input().push(f"tag{n % 3}", {"n": n, "pad": KB})
            if n % 10 == 9:
                await running.until(lambda n=n: len(running.output(1).records) == n + 1)
            assert running.intake().held <= 22_000
        assert running.input().calls == [], "nobody had to wait"
        assert files(tmp_path)
        running.output(0).always = None
        await running.settled()
    assert running.numbers(0) == running.numbers(1) == list(range(200))
    assert files(tmp_path) == []


@pytest.mark.parametrize("filtered", [False, True])
async def test_an_output_that_hangs_delays_no_other(pipeline: Any, tmp_path: Path, filtered: bool) -> None:
    async with pipeline(memory_input(tmp_path, "20K", 2, filtered=filtered)) as running:
        running.output(0).gate.clear()
        for n in range(200):
            running.input().push("tag", {"n": n, "pad": KB})
            if n % 10 == 9:
                await running.until(lambda n=n: len(running.output(1).records) == n + 1)
        assert running.input().calls == []
        running.output(0).gate.set()
        await running.settled()
    assert running.numbers(0) == running.numbers(1) == list(range(200))


async def test_below_the_limit_nothing_touches_the_disk(pipeline: Any, tmp_path: Path) -> None:
    async with pipeline(memory_input(tmp_path / "spool", "20K")) as running:
        running.input().push("tag", {"n": 0, "pad": KB})
        await running.settled()
        assert not (tmp_path / "spool").exists()


async def test_what_is_not_delivered_at_the_stop_goes_to_disk(pipeline: Any, tmp_path: Path) -> None:
    text = memory_input(tmp_path, "1M", 2, filtered=True)
    async with pipeline(text, grace=0) as running:
        running.output(0).gate.clear()
        running.input().push("a", {"n": 0})
        await running.until(lambda: running.output(0).under_way and running.output(1).records)
        running.output(1).always = PeerError("dead")
        running.input().push("b", {"n": 1})
        await running.until(lambda: running.sent("steered.1")["retried"])
    assert not running.sent("steered.0")["dropped"]
    assert "stay in the spool" in running.log.getvalue()
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers(0) == [0, 1]
    assert again.numbers(1) == [1], "it had the first"


async def test_a_disk_that_refuses_makes_senders_wait(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, full = os.write, [True]

    def write(fd: int, data: Any) -> int:
        if full[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, data)

    monkeypatch.setattr(chunkfile.os, "write", write)
    async with pipeline(memory_input(tmp_path, "10K")) as running:
        running.output().always = PeerError("dead")
        sent = 0
        while not running.intake().full:
            running.input().push("tag", {"n": sent, "pad": KB})
            sent += 1
        assert "senders wait until there is room" in running.log.getvalue()
        full[0] = False
        await running.until(lambda: running.input().calls == ["pause", "resume"])
        assert files(tmp_path)
        running.output().always = None
        await running.settled()
    assert running.numbers() == list(range(sent))


# -- storage.total_limit_size


def limited(spool: Path, limit: str, *, others: int = 0) -> str:
    text = f"  storage.path {spool}\n[INPUT]\n  Name steered\n  storage.type filesystem\n"
    return text + OUTPUT + f"  storage.total_limit_size {limit}\n" + OUTPUT * others


@pytest.mark.parametrize("trouble", ["dead", "hangs"])
@pytest.mark.parametrize("others", [0, 1])
async def test_over_its_limit_an_output_loses_its_oldest(
    pipeline: Any, tmp_path: Path, trouble: str, others: int
) -> None:
    async with pipeline(limited(tmp_path, "60K", others=others)) as running:
        if trouble == "dead":
            running.output().always = PeerError("dead")
        else:
            running.output().gate.clear()
        for n in range(100):
            running.input().push("tag", {"n": n, "pad": KB})
            await running.until(lambda n=n: not running.intake()._open and running.taken()["accepted"] == n + 1)
            if others:
                await running.until(lambda n=n: len(running.output(1).records) == n + 1)
        await running.until(lambda: running.sent()["dropped"])
        assert running.intake().stored <= 66_000
        running.output().always = None
        running.output().gate.set()
        await running.settled()
    got = running.numbers()
    dropped = running.sent()["dropped"]["storage.total_limit_size"]
    assert len(got) + dropped == 100
    assert got[-8:] == list(range(92, 100)), "the newest are there"
    assert 5 <= len(got) <= 15
    assert "storage.total_limit_size reached" in running.log.getvalue()
    if others:
        assert running.numbers(1) == list(range(100))
    assert running.engine.outputs[0].quota.bytes == 0
    assert files(tmp_path) == []


async def test_the_limit_holds_for_what_an_earlier_process_left(pipeline: Any, tmp_path: Path) -> None:
    async with pipeline(limited(tmp_path, "0"), grace=0) as running:
        running.output().always = PeerError("dead")
        for n in range(20):
            running.input().push(f"tag{n}", {"n": n, "pad": KB})
    async with pipeline(limited(tmp_path, "30K")) as again:
        await again.settled()
    assert 3 <= len(again.numbers()) <= 7
    assert again.numbers()[-1] == 19
    assert again.sent()["dropped"] == {"storage.total_limit_size": 20 - len(again.numbers())}


# -- for all inputs


@pytest.mark.parametrize(
    ("service", "own", "found"),
    [
        ("storage.default_type filesystem", "", True),
        ("storage.default_type filesystem", "storage.type memory", False),
        ("storage.type filesystem\n  storage.inherit on", "", True),
        ("storage.type filesystem", "", False),
    ],
)
async def test_where_inputs_keep_records_unless_they_say_so(
    pipeline: Any, tmp_path: Path, service: str, own: str, found: bool
) -> None:
    text = f"  storage.path {tmp_path}\n  {service}\n[INPUT]\n  Name steered\n  {own}\n{OUTPUT}"
    async with pipeline(text, flush="3600") as running:
        running.input().push("tag", {"n": 1})
        assert bool(files(tmp_path)) is found


@pytest.mark.parametrize(
    ("service", "own", "limit"),
    [
        ("mem_buf_limit 5K", "", 5_000),
        ("mem_buf_limit 5K", "Mem_Buf_Limit 7K", 7_000),
        ("mem_buf_limit 5K", "Mem_Buf_Limit 0", 0),
    ],
)
def test_memory_of_inputs_that_do_not_say(built: Any, service: str, own: str, limit: int) -> None:
    running = built(f"  {service}\n[INPUT]\n  Name steered\n  {own}\n{OUTPUT}")
    assert running.intake().limit == limit


def test_inputs_on_disk_share_the_chunks_in_memory(built: Any, tmp_path: Path) -> None:
    service = f"  storage.path {tmp_path}\n  storage.default_type filesystem\n  storage.max_chunks_up 10\n"
    running = built(f"{service}[INPUT]\n  Name steered\n[INPUT]\n  Name steered\n{OUTPUT}")
    assert [running.intake(n).limit for n in range(2)] == [10_000_000, 10_000_000]


async def test_an_input_may_pause_rather_than_fill_the_disk(pipeline: Any, tmp_path: Path) -> None:
    service = f"  storage.path {tmp_path}\n  storage.max_chunks_up 1\n"
    text = (
        f"{service}[INPUT]\n  Name steered\n  storage.type filesystem\n  storage.pause_on_chunks_overlimit on\n{OUTPUT}"
    )
    async with pipeline(text) as running:
        running.output().gate.clear()
        for n in range(22):
            running.input().push("tag", {"n": n, "pad": "x" * 100_000})
        assert running.input().calls == ["pause"]
        running.output().gate.set()
        await running.settled()
        assert running.input().calls == ["pause", "resume"]


@pytest.mark.parametrize("key", ["storage.default_type filesystem", "storage.keep.rejected on"])
def test_what_needs_a_path(built: Any, key: str) -> None:
    with pytest.raises(UserError, match=r"main\.conf:.*needs storage\.path; fix: add 'storage\.path"):
        built(f"  {key}\n[INPUT]\n  Name steered\n{OUTPUT}")
