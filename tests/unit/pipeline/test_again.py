"""An output that delivers again, a peer that says when to come back, and what is left of a part."""

from __future__ import annotations

import asyncio
import gc
import weakref
from pathlib import Path
from typing import Any

import pytest

from outrider.model.batch import Batch
from outrider.model.errors import PeerError
from outrider.pipeline import answer, delivery
from outrider.pipeline.plugin import Delivery
from outrider.spool import chunkfile

OUTPUT = "[OUTPUT]\n  Name steered\n  Match *\n"
FOR_EVER = OUTPUT + "  Retry_Limit False\n"


def config(output: str, *, spool: Path | None = None, more: str = "") -> str:
    path = f"  storage.path {spool}\n" if spool else ""
    kind = "  storage.type filesystem\n" if spool else ""
    return f"{path}{more}[INPUT]\n  Name steered\n{kind}{output}"


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch, built: Any) -> None:
    """A retry is due in an hour."""
    monkeypatch.setattr(delivery, "wait_seconds", lambda attempt, base, cap, pick: 3600)


async def fail(running: Any, count: int) -> None:
    """Let so many chunks fail and wait."""
    running.output().always = PeerError("dead")
    for n in range(count):
        running.input().push(f"tag{n}", {"n": n})
        await running.until(lambda n=n: running.sent()["retried"] == n + 1)
    running.output().always = None


async def test_what_waits_follows_at_once_when_the_output_delivers_again(pipeline: Any, patience: None) -> None:
    async with pipeline(config(FOR_EVER)) as running:
        await fail(running, 20)
        assert running.output().asked == 20
        running.input().push("new", {"n": 20})
        await running.settled()
        assert running.output().asked == 41
    assert running.numbers() == list(range(21))


async def test_a_try_before_its_time_costs_no_retry(pipeline: Any, patience: None) -> None:
    async with pipeline(config(OUTPUT), grace=0) as running:
        await fail(running, 2)
        running.output().answers = [lambda batch: Delivery(len(batch)), PeerError("dead again")]
        running.input().push("new", {"n": 2})
        await running.until(lambda: running.output().asked == 4)
        await running.until(lambda: running.output().under_way == 0)
        running.output().answers = [lambda batch: Delivery(len(batch))]
        running.input().push("newer", {"n": 3})
        await running.until(lambda: running.output().asked == 6)
        assert running.sent()["delivered"] == 3
        assert running.sent()["dropped"] == {}, "Retry_Limit is 1, and the retry is still to come"
        assert running.sent()["buffered"] == 1


async def test_while_everything_fails_only_probes_are_sent(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pipeline(config(FOR_EVER)) as running:
        monkeypatch.setattr(delivery, "_PROBE_SECONDS", 1e9)
        turns: list[int] = []

        def soon(attempt: int, base: int, cap: int, pick: object) -> float:
            turns.append(attempt)
            return 0.001

        monkeypatch.setattr(delivery, "wait_seconds", soon)
        running.output().always = PeerError("dead")
        for n in range(20):
            running.input().push(f"tag{n}", {"n": n})
        await running.until(lambda: len(turns) > 500)
        assert running.output().asked <= 21, "each once, and one again"
        running.output().always = None
        running.input().push("new", {"n": 20})
        await running.settled()
    assert running.numbers() == list(range(21))


async def test_one_that_fails_while_others_pass_is_not_hammered(pipeline: Any, patience: None) -> None:
    def poison(batch: Batch) -> Delivery:
        if batch.records[0]["n"] == 0:
            raise PeerError("this one never")
        return Delivery(len(batch))

    async with pipeline(config(FOR_EVER), grace=0) as running:
        running.output().answers = [poison] * 100
        for n in range(10):
            running.input().push(f"tag{n}", {"n": n})
            await running.until(lambda n=n: running.sent()["routed"] == n + 1)
            await running.until(lambda n=n: running.sent()["delivered"] == n and not running.output().under_way)
        assert running.output().asked == 11, "once, and once more when another had passed"


async def test_nothing_is_sent_before_the_peer_wants_it(pipeline: Any) -> None:
    async with pipeline(config(FOR_EVER)) as running:
        loop = asyncio.get_running_loop()
        running.output().answers = [PeerError("429 Too Many Requests", after=0.3)]
        running.input().push("tag", {"n": 0})
        await running.until(lambda: running.sent()["retried"] == 1)
        told = loop.time()
        running.input().push("other", {"n": 1})
        await running.until(lambda: running.sent()["routed"] == 2)
        assert running.output().asked == 1
        await running.settled()
        assert loop.time() - told >= 0.25
    assert running.numbers() == [0, 1]


async def test_the_wait_that_a_peer_asks_for_holds_after_a_part_too(pipeline: Any) -> None:
    def throttled(batch: Batch) -> Delivery:
        return Delivery(1, reason="429", rest=range(1, len(batch)), after=1e9)

    async with pipeline(config(FOR_EVER, more="  Scheduler.Cap 60\n  Scheduler.Base 1\n")) as running:
        running.output().answers = [throttled]
        running.input().push("tag", {"n": 0}, {"n": 1})
        await running.until(lambda: running.sent()["retried"] == 1)
        assert "retry in 60 seconds: 429" in running.log.getvalue()
        running.input().push("other", {"n": 2})
        await running.until(lambda: running.sent()["routed"] == 3)
        assert running.output().asked == 1
    assert sorted(running.numbers()) == [1, 2]


async def test_the_stop_does_not_wait_for_the_peers_moment(pipeline: Any) -> None:
    async with pipeline(config(FOR_EVER)) as running:
        running.output().answers = [PeerError("503", after=1e9)]
        running.input().push("tag", {"n": 0})
        await running.until(lambda: running.sent()["retried"] == 1)
    assert running.numbers() == [0]


async def test_a_peer_cannot_send_us_away_for_days(pipeline: Any) -> None:
    async with pipeline(config(FOR_EVER, more="  Scheduler.Cap 60\n  Scheduler.Base 1\n")) as running:
        running.output().answers = [PeerError("503", after=1e9)]
        running.input().push("tag", {"n": 0})
        await running.until(lambda: running.sent()["retried"] == 1)
        assert "retry in 60 seconds" in running.log.getvalue()


def part(batch: Batch) -> Delivery:
    """Two are taken, the rest is not."""
    return Delivery(2, reason="throttled", rest=range(2, len(batch)))


async def test_the_rest_of_a_part_is_all_that_a_restart_finds(pipeline: Any, tmp_path: Path, patience: None) -> None:
    text = config(FOR_EVER, spool=tmp_path)
    async with pipeline(text, grace=0) as running:
        running.output().answers = [part]
        running.output().always = PeerError("dead")
        running.input().push("tag", *({"n": n} for n in range(5)))
        await running.until(lambda: running.sent()["retried"] == 3)
        assert running.intake().held == 0, "the disk has it"
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers() == [2, 3, 4]


async def test_the_rest_of_a_part_while_another_output_has_all_before_it(pipeline: Any) -> None:
    async with pipeline(config(FOR_EVER * 2)) as running:
        running.output(0).answers = [part, part, PeerError("dead"), lambda batch: Delivery(len(batch))]
        running.output(1).gate.clear()
        running.input().push("tag", *({"n": n} for n in range(5)))
        await running.until(lambda: running.sent("steered.0")["delivered"] == 5)
        running.output(1).always = PeerError("dead")
        running.output(1).gate.set()
        await running.until(lambda: running.sent("steered.1")["retried"])
        running.output(1).always = None
        await running.settled()
    assert running.numbers(1) == list(range(5))


def files(directory: Path) -> list[Path]:
    return sorted(directory.rglob(f"*{chunkfile.SUFFIX}"))


@pytest.mark.parametrize("refused", [True, False])
async def test_rejected_chunks_are_kept_and_can_be_sent_again(pipeline: Any, tmp_path: Path, refused: bool) -> None:
    more = "  storage.keep.rejected on\n"
    outputs = OUTPUT.replace("*", "t*") + "  Retry_Limit no_retries\n" + OUTPUT
    text = config(outputs, spool=tmp_path / "spool", more=more)
    async with pipeline(text) as running:
        running.output().answers = [PeerError("400 Bad Request", retry=not refused)]
        running.input().push("tag", {"n": 0}, {"n": 1})
        await running.settled()
    (kept,) = files(tmp_path)
    assert kept.parent == tmp_path / "spool" / "rejected" / "steered.0"
    assert "2 rejected records" in running.log.getvalue()
    kept.rename(tmp_path / "spool" / "steered.0" / kept.name)
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers(0) == [0, 1]
    assert again.numbers(1) == [], "this one had them"
    assert files(tmp_path) == []


async def test_rejected_chunks_have_a_limit(pipeline: Any, tmp_path: Path) -> None:
    more = "  storage.keep.rejected on\n  storage.rejected.path dead\n  storage.rejected.limit 1K\n"
    async with pipeline(config(FOR_EVER, spool=tmp_path, more=more)) as running:
        running.output().always = PeerError("400", retry=False)
        for n in range(3):
            running.input().push("tag", {"n": n, "pad": "x" * 400})
            await running.settled()
    assert len(files(tmp_path / "dead")) == 2
    assert "storage.rejected.limit is reached" in running.log.getvalue()
    assert sum(running.sent()["dropped"].values()) == 3


class Body:
    """Something large."""


def fail_holding(body: Body, held: list[Exception]) -> None:
    try:
        raise OSError("refused")
    except OSError as error:
        held.append(error)  # as asyncio does: an error that its own frame holds
        raise PeerError("no connection") from None


def test_an_error_does_not_keep_what_was_to_be_sent() -> None:
    gc.disable()
    try:
        body = Body()
        gone = weakref.ref(body)
        held: list[Exception] = []
        try:
            fail_holding(body, held)
        except PeerError as error:
            answer.forget_frames(error)
        del body
        assert gone() is None, "without a collection"
        assert held[0].__traceback__ is None
    finally:
        gc.enable()


@pytest.mark.parametrize("limit", ["", "  Retry_Limit 2\n"])
async def test_a_try_that_the_stop_brings_forward_is_no_retry(
    pipeline: Any, tmp_path: Path, patience: None, limit: str
) -> None:
    text = f"  storage.path {tmp_path}\n[INPUT]\n  Name steered\n[OUTPUT]\n  Name steered\n  Match *\n{limit}"
    async with pipeline(text, grace=1) as running:
        running.output().always = PeerError("dead")
        running.input().push("a", {"n": 0})
        await running.until(lambda: running.sent()["retried"])
    assert not running.sent()["dropped"]
    assert "stay in the spool" in running.log.getvalue()
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers() == [0]


@pytest.mark.parametrize("place", ["memory", "filesystem"])
async def test_at_the_stop_each_output_keeps_its_own_rest(
    pipeline: Any, tmp_path: Path, patience: None, place: str
) -> None:
    output = "[OUTPUT]\n  Name steered\n  Match *\n  Retry_Limit False\n"
    text = f"  storage.path {tmp_path}\n[INPUT]\n  Name steered\n  storage.type {place}\n{output * 2}"
    async with pipeline(text, grace=0) as running:
        for number in (0, 1):
            running.output(number).answers = [lambda batch: Delivery(2, reason="busy", rest=[0, 3])]
            running.output(number).always = PeerError("away")
        running.input().push("app", *[{"n": n} for n in range(4)])
        await running.until(lambda: all(running.sent(f"steered.{n}")["retried"] for n in (0, 1)))
    assert "4 records stay in the spool" in running.log.getvalue()
    async with pipeline(text) as again:
        await again.settled()
        assert again.numbers(0) == again.numbers(1) == [0, 3]
    assert files(tmp_path) == []
