"""The server's side of a store process that hangs: it is waited for so long and no longer."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from outrider.server.adapters.chdb import store as module
from outrider.server.adapters.chdb import wire
from outrider.server.adapters.chdb.store import ChdbStore

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
