"""One router has a storage.path; a reload that names another one takes along what waits."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import PeerError, UserError
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration, from_file
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.operate import run as at_work
from outrider.pipeline.operate.reload import Loader
from outrider.spool import disk
from outrider.spool.chunkfile import SUFFIX

PARTS = (
    "[INPUT]\n  Name steered\n  Alias in\n{more}[OUTPUT]\n  Name steered\n  Alias out\n  Match *\n  Retry_Limit False\n"
)


def text(spool: Path | None, more: str = "", source: str = "in") -> str:
    path = f"[SERVICE]\n  storage.path {spool}\n" if spool else ""
    kind = "  storage.type filesystem\n" if spool else ""
    return path + PARTS.replace("Alias in", f"Alias {source}").format(more=kind + more)


def files(spool: Path) -> list[Path]:
    return sorted(spool.rglob(f"*{SUFFIX}"))


async def waiting(it: Any) -> None:
    it.output().always = PeerError("dead")
    it.input.push("app", {"n": 1})
    await it.until(lambda: it.output().asked)


async def test_what_waits_moves_to_the_new_place(running: Any, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    async with running(text(old)) as it:
        await waiting(it)
        await it.exchange(text(new))
        assert files(old) == []
        await it.until(lambda: it.delivered == 1)
        await it.until(lambda: not files(new))
    assert "chunks stay" not in it.stream.getvalue()


@pytest.mark.parametrize("how", ["another disk", "no storage.path", "input gone"])
async def test_what_stays_in_the_old_place_is_told(
    running: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"

    def rename(path: Path, target: Path) -> Path:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    async with running(text(old)) as it:
        await waiting(it)
        if how == "another disk":
            monkeypatch.setattr(Path, "rename", rename)
        await it.exchange(text(None if how == "no storage.path" else new, source="x" if how == "input gone" else "in"))
        await it.until(lambda: it.delivered == 1)
        await it.until(lambda: not files(old))
    assert f"chunks stay in {old / 'in'} until they are delivered" in it.stream.getvalue()


async def test_a_place_in_use_is_refused_at_a_reload(running: Any, tmp_path: Path) -> None:
    other = disk.Locks(print)
    other.hold(str(tmp_path / "new"))
    async with running(text(tmp_path / "old")) as it:
        it.path.write_text(text(tmp_path / "new"))
        assert "in use by another process" in it.pipeline.reload()
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.delivered == 1)
    other.release()


@pytest.mark.parametrize("processes", [1, 2])
def test_two_routers_in_one_place(tmp_path: Path, processes: int) -> None:
    spool = tmp_path / "spool"
    path = tmp_path / "main.conf"
    path.write_text(
        f"[SERVICE]\n  storage.path {spool}\n  processes {processes}\n"
        "[INPUT]\n  Name dummy\n  storage.type filesystem\n[OUTPUT]\n  Name null\n  Match *\n"
    )
    left = spool / ("dummy.0" if processes == 2 else "process-1/dummy.0") / f"1{SUFFIX}"
    left.parent.mkdir(parents=True)
    left.write_text("of the router that runs")
    log = Log(Sink(io.StringIO()), "test")
    configuration = from_file(str(path), ConfigurationFiles(), log.warn)

    def plan(configuration: Configuration) -> build.Plan:
        return build.plan(configuration, build.read_service(configuration, {}, log), {}, log)

    first = disk.Locks(print)
    first.hold(str(spool))
    with pytest.raises(UserError, match="in use by another process"):
        at_work.run(configuration, plan(configuration), Loader(lambda: configuration, plan))
    first.release()
    assert files(spool) == [left]


# -- what the peers have said


async def test_retries_and_waits_keep_their_time_over_a_reload(running: Any) -> None:
    both = text(None)
    async with running(both) as it:
        it.output().answers = [PeerError("later", after=3600)]
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.engine.outputs[0].held_until)
        until = it.engine.outputs[0].held_until
        it.input.push("app", {"n": 2})
        await it.exchange(
            both.replace("[OUTPUT]", "[FILTER]\n  Name record_modifier\n  Match *\n  Record a b\n[OUTPUT]")
        )
        assert it.engine.outputs[0].held_until == until
        assert it.output().asked == 0
        await it.exchange(both.replace("Retry_Limit False", "Retry_Limit no_limits"))
        await it.until(lambda: it.delivered == 2)
