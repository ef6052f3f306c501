"""Whatever the course of events, nothing is lost and the books balance.

Hypothesis draws what happens: records come, outputs fail, deliver a part or hang, the disk fills, the process stops
with no time to drain and starts again. At the end everything works, and every output has every record.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from outrider.model.batch import Batch
from outrider.model.errors import PeerError
from outrider.pipeline.plugin import Delivery
from outrider.spool import chunkfile

OUTPUTS = 2


def half(batch: Batch) -> Delivery:
    """Deliver the first half; the output under test notes it as sent."""
    middle = len(batch) // 2
    return Delivery(middle, rest=range(middle, len(batch)))


events = st.one_of(
    st.tuples(st.just("push"), st.integers(0, 2), st.integers(1, 5)),
    st.tuples(st.just("fail"), st.integers(0, OUTPUTS - 1)),
    st.tuples(st.just("half"), st.integers(0, OUTPUTS - 1)),
    st.tuples(st.just("bug"), st.integers(0, OUTPUTS - 1)),
    st.tuples(st.just("hang"), st.integers(0, OUTPUTS - 1)),
    st.tuples(st.just("go on"), st.integers(0, OUTPUTS - 1)),
    st.tuples(st.just("wait")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("disk"), st.booleans()),
)


class World:
    """What outlives a restart."""

    def __init__(self) -> None:
        self.pushed = 0
        self.got = [Counter[int]() for _ in range(OUTPUTS)]


def text(spool: Path | None, *, limit: str, filtered: bool, kind: str = "filesystem") -> str:
    lines = [f"  storage.path {spool}"] if spool else []
    lines += ["[INPUT]", "  Name steered"]
    lines += [f"  storage.type {kind}"] if spool else []
    lines += [f"  Mem_Buf_Limit {limit}"] if limit else []
    lines += ["[FILTER]", "  Name steered", "  Match *"] if filtered else []
    for _ in range(OUTPUTS):
        lines += ["[OUTPUT]", "  Name steered", "  Match *", "  Retry_Limit False"]
    return "\n".join(lines) + "\n"


def listen_in(running: Any, world: World) -> None:
    """Count what each output delivers, halves included."""
    for number in range(OUTPUTS):
        output = running.output(number)
        send = output.send

        async def counted(batch: Batch, number: int = number, send: Any = send) -> Delivery:
            delivery: Delivery = await send(batch)
            world.got[number].update(record["n"] for record in batch.records[: delivery.delivered])
            return delivery

        output.send = counted


async def act(running: Any, event: tuple[Any, ...], world: World, disk: Any) -> None:
    match event:
        case ("push", tag, count):
            numbers = range(world.pushed, world.pushed + count)
            world.pushed += count
            running.input().push(f"tag{tag}", *[{"n": n, "pad": "x" * 300} for n in numbers])
        case ("fail", number):
            running.output(number).answers.append(PeerError("refused"))
        case ("half", number):
            running.output(number).answers.append(half)
        case ("bug", number):
            running.output(number).answers.append(ValueError("bug"))
        case ("hang", number):
            running.output(number).gate.clear()
        case ("go on", number):
            running.output(number).gate.set()
        case ("wait",):
            await asyncio.sleep(0.004)
        case ("disk", full):
            disk.full = full


class Disk:
    """``os.write`` of chunk files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._write = os.write
        monkeypatch.setattr(chunkfile.os, "write", self.write)

    def write(self, fd: int, data: Any) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(fd, data)


async def live(start: Callable[..., Any], course: list[Any], world: World, disk: Any, config: str) -> None:
    """Go through the events, restarting where they say so, and let everything be delivered at the end."""
    lives: list[list[Any]] = [[]]
    for event in course:
        if event == ("restart",):
            lives.append([])
        else:
            lives[-1].append(event)
    for number, part in enumerate(lives):
        last = number == len(lives) - 1
        async with start(config, lambda made: listen_in(made, world), flush="0.002", grace=5 if last else 0) as running:
            for event in part:
                await act(running, event, world, disk)
                assert running.engine.ledger.faults() == []
            disk.full = False
            if last:
                for output in range(OUTPUTS):
                    running.output(output).answers.clear()
                    running.output(output).gate.set()
                await running.settled()
        assert all(row["buffered"] >= 0 for row in running.sheet["outputs"].values())
        if last:
            assert (running.intake().held, running.intake().stored) == (0, 0)
            assert not running.intake().full


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    course=st.lists(events.filter(lambda event: event[0] not in ("restart", "disk")), max_size=25),
    limit=st.sampled_from(["", "1K"]),
    filtered=st.booleans(),
)
def test_in_memory_everything_arrives_exactly_once(
    pipeline: Any, monkeypatch: pytest.MonkeyPatch, course: list[Any], limit: str, filtered: bool
) -> None:
    world = World()
    asyncio.run(live(pipeline, course, world, Disk(monkeypatch), text(None, limit=limit, filtered=filtered)))
    for got in world.got:
        assert got == Counter(range(world.pushed))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    course=st.lists(events.filter(lambda event: event[0] != "disk"), max_size=25),
    limit=st.sampled_from(["", "1K"]),
    filtered=st.booleans(),
)
def test_with_a_spool_everything_arrives_across_restarts(
    pipeline: Any,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    course: list[Any],
    limit: str,
    filtered: bool,
) -> None:
    world, spool = World(), tmp_path_factory.mktemp("spool")
    asyncio.run(live(pipeline, course, world, Disk(monkeypatch), text(spool, limit=limit, filtered=filtered)))
    for got in world.got:
        assert set(got) == set(range(world.pushed))
        if ("restart",) not in course:
            assert got == Counter(range(world.pushed))
    assert [path for path in spool.rglob("*") if path.is_file()] == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    course=st.lists(events.filter(lambda event: event[0] != "disk"), max_size=25),
    limit=st.sampled_from(["", "1K", "3K"]),
    filtered=st.booleans(),
)
@example(course=[("push", 0, 2), ("half", 0), ("restart",)], limit="", filtered=True)
@example(course=[("half", 0), ("half", 1), ("push", 0, 2), ("wait",), ("restart",)], limit="", filtered=True)
@example(course=[("push", 0, 2), ("half", 0), ("hang", 1), ("restart",)], limit="", filtered=True)
def test_memory_with_a_disk_beside_it_loses_nothing_at_a_stop(
    pipeline: Any,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    course: list[Any],
    limit: str,
    filtered: bool,
) -> None:
    world, spool = World(), tmp_path_factory.mktemp("spool")
    config = text(spool, limit=limit, filtered=filtered, kind="memory")
    asyncio.run(live(pipeline, course, world, Disk(monkeypatch), config))
    for got in world.got:
        assert set(got) == set(range(world.pushed))
        if ("restart",) not in course:
            assert got == Counter(range(world.pushed))
    assert [path for path in spool.rglob("*") if path.is_file()] == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(course=st.lists(events.filter(lambda event: event[0] != "restart"), max_size=25), filtered=st.booleans())
def test_a_disk_that_fills_and_empties_loses_nothing(
    pipeline: Any,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    course: list[Any],
    filtered: bool,
) -> None:
    world, spool = World(), tmp_path_factory.mktemp("spool")
    asyncio.run(live(pipeline, course, world, Disk(monkeypatch), text(spool, limit="", filtered=filtered)))
    for got in world.got:
        assert got == Counter(range(world.pushed))
    assert [path for path in spool.rglob("*") if path.is_file()] == []
