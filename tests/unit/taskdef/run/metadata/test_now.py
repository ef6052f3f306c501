"""What is looked up of a task while it runs: with plain processes, and a Docker that is not there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from outrider.taskdef.run.health import Check
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.metadata.document import Network
from outrider.taskdef.run.metadata.now import Running
from outrider.taskdef.run.plan import Planned, Role
from outrider.taskdef.run.process.child import Guard
from outrider.taskdef.run.process.container import FileLog, ProcessContainer
from outrider.taskdef.run.runner import Runner


@pytest.fixture
async def guard() -> AsyncIterator[Guard]:
    held_by = await Guard.start("/nonexistent")
    yield held_by
    await held_by.close()


def running(guard: Guard, folder: Path, report: Any, **members: Any) -> Running:
    """A task of one process, which sleeps."""
    web = {"name": "web", "image": "web:1", **members}
    words = ["sleep", "600"]

    async def build(planned: Planned) -> ProcessContainer:
        log = FileLog(folder / "log", lambda line: None)
        return ProcessContainer(words, {}, log, guard, Check.of(planned.definition), lambda line: None)

    runner = Runner([Planned(web, Role.APPLICATION, (), {})], build, report)
    definition = {"family": "t", "containerDefinitions": [web]}
    return Running(definition, Identity("ab" * 16), 1, runner, None, Network("127.1.2.3"))


async def test_a_container_is_followed_from_before_its_start_to_its_end(guard: Guard, tmp_path: Path) -> None:
    up, seen = asyncio.Event(), list[tuple[str, str, str]]()

    def report(name: str, text: str) -> None:
        if text == "HEALTHY":
            up.set()

    check = {"command": ["CMD", "true"], "interval": 5}
    task = running(guard, tmp_path, report, healthCheck=check)

    async def look() -> dict[str, Any]:
        now = await task.now()
        one: dict[str, Any] = json.loads(json.dumps(now.container("web")))
        seen.append((now.known, one["KnownStatus"], one["Health"]["status"]))
        return one

    await look()
    async with asyncio.TaskGroup() as group:
        group.create_task(task.runner.run())
        await up.wait()
        first = await look()
        usage = await task.usage("web")
        assert await task.usage("web") is usage
        task.runner.stop("asked", 0)
    last = await look()
    assert seen == [("NONE", "NONE", "UNKNOWN"), ("RUNNING", "RUNNING", "HEALTHY"), ("STOPPED", "STOPPED", "HEALTHY")]
    assert first["StartedAt"] <= first["Health"]["statusSince"] == last["Health"]["statusSince"]
    assert (first["DesiredStatus"], last["DesiredStatus"], last["ExitCode"]) == ("RUNNING", "STOPPED", 143)
    assert usage is not None
    assert (usage["pids_stats"], usage["id"]) == ({"current": 1}, first["DockerId"])


async def test_what_does_not_run_uses_nothing(guard: Guard, tmp_path: Path) -> None:
    assert await running(guard, tmp_path, lambda name, text: None).usage("web") is None
