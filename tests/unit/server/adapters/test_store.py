"""The server's side of a store process that hangs: it is waited for so long and no longer."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from outrider.model.errors import UserError
from outrider.server.adapters.chdb import store as module
from outrider.server.adapters.chdb import wire
from outrider.server.adapters.chdb.statements import MAX_PAGE
from outrider.server.adapters.chdb.store import ChdbStore
from outrider.server.domain.search import Search

FAR_TOO_LONG = 30
PROGRAM = f"""#!{sys.executable}
import os, sys, time
os.write(int(sys.argv[3]), {wire.pack(wire.Progress(7, [], ""))!r})
time.sleep(600)
"""


class Rig:
    """A store whose process says one thing, hears nothing, and does not end by itself."""

    def __init__(self, tmp_path: Path) -> None:
        self.heard = asyncio.Event()
        self.store = ChdbStore(tmp_path / "store", tmp_path / "log", 30, self.on_progress)

    async def on_progress(self, stored: int, gaps: list[tuple[int, int]]) -> None:
        self.heard.set()

    async def ends(self, stop: Callable[[], None]) -> None:
        """``run`` returns after ``stop`` was called, and the process is gone."""
        async with asyncio.timeout(FAR_TOO_LONG), asyncio.TaskGroup() as group:
            running = group.create_task(self.store.run())
            await self.heard.wait()
            stop()
            await running
        with pytest.raises(ProcessLookupError):
            os.kill(self.store.pid, 0)


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    program = tmp_path / "hangs"
    program.write_text(PROGRAM)
    program.chmod(0o700)
    monkeypatch.setattr(module, "sys", SimpleNamespace(executable=str(program)))
    return Rig(tmp_path)


async def test_a_process_that_hangs_is_killed_some_time_after_stop(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_STOP_SECONDS", 0.05)
    await rig.ends(rig.store.stop)
    assert "is killed; what it has not stored is in the ingest log" in caplog.text
    assert rig.store.state.restarts == 0


async def test_a_process_that_hangs_can_be_killed_at_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    def stop() -> None:
        rig.store.stop()
        rig.store.kill()

    await rig.ends(stop)
    rig.store.kill()
    assert "is killed" not in caplog.text


class Engine:
    """Answers a search with records as large as this, as long as they all fit into its memory."""

    def __init__(self, size: int, memory: int, code: int = 241) -> None:
        self.line = msgspec.json.encode([1, "h", "t", "c", "", "", "", "", "m" * size, size, {}, 5, 6])
        self.memory, self.code, self.asked = memory, code, 0

    async def ask(self, sql: str) -> list[bytes]:
        limit = int(sql.partition(" LIMIT ")[2].partition(")")[0])
        self.asked += 1
        if limit * len(self.line) > self.memory:
            raise module._failure("Code: …", self.code)
        return [self.line] * limit


def engine(store: ChdbStore, monkeypatch: pytest.MonkeyPatch, size: int, memory: int, code: int = 241) -> Engine:
    made = Engine(size, memory, code)
    monkeypatch.setattr(store, "_ask", made.ask)
    return made


async def test_a_page_ends_where_it_has_enough_bytes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    found = engine(rig.store, monkeypatch, MAX_PAGE // 10, 1 << 40)
    page = await rig.store.search(Search(0, 1, limit=100), None)
    assert len(page.records) == 9
    assert page.more
    assert found.asked == 1
    engine(rig.store, monkeypatch, 2 * MAX_PAGE, 1 << 40)
    assert len((await rig.store.search(Search(0, 1, limit=100), None)).records) == 1


async def test_records_that_do_not_fit_into_memory_come_on_smaller_pages(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(rig.store, monkeypatch, 1000, 300_000)
    page = await rig.store.search(Search(0, 1, limit=1000), None)
    assert len(page.records) == 100
    assert page.more


@pytest.mark.parametrize("code", [241, 159], ids=["not even one fits", "it takes too long"])
async def test_a_search_that_is_too_expensive_says_so(rig: Rig, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    found = engine(rig.store, monkeypatch, 1000, 0, code)
    with pytest.raises(UserError, match="too long or too much memory"):
        await rig.store.search(Search(0, 1, limit=100), None)
    assert found.asked == (1 if code == 159 else 3)


async def test_messages_of_a_long_page_are_cut_shorter(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def ask(sql: str) -> list[bytes]:
        asked.append(sql)
        return []

    monkeypatch.setattr(rig.store, "_ask", ask)
    for limit in (100, 1000):
        await rig.store.search(Search(0, 1, limit=limit), None)
    assert "leftUTF8(message, 65536)" in asked[0]
    assert f"leftUTF8(message, {MAX_PAGE // 1000})" in asked[1]
