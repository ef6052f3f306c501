"""Directories of a spool: one process each."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from outrider.model.errors import LocalError, UserError
from outrider.spool import disk


def test_a_directory_has_one_process(tmp_path: Path) -> None:
    told: list[str] = []
    path = str(tmp_path / "deep" / "spool")
    first, second = disk.Locks(told.append), disk.Locks(told.append)
    first.hold(path)
    first.hold(path + "/../spool")
    with pytest.raises(UserError, match=r"spool is in use by another process; fix: stop that one, or give this one"):
        second.hold(path)
    first.release()
    second.hold(path)
    second.release()
    assert told == []


def test_what_was_forked_keeps_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    locks, other = disk.Locks(print), disk.Locks(told.append)
    locks.hold(str(tmp_path))
    assert (tmp_path / disk.LOCK).read_text() == str(os.getpid())
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    locks.release()
    with pytest.raises(UserError, match="in use"):
        other.hold(str(tmp_path))
    assert told == []
    (tmp_path / disk.LOCK).write_text(str(_dead()))
    monkeypatch.setattr(disk, "_PATIENCE", 2)
    with pytest.raises(UserError, match="in use"):
        other.hold(str(tmp_path), wait=True)

    def end(seconds: float) -> None:
        os.close(writing)
        os.waitpid(pid, 0)

    monkeypatch.setattr(time, "sleep", end)
    other.hold(str(tmp_path), wait=True)
    os.close(reading)
    other.release()
    assert len(told) == 2
    assert "waiting for its end" in told[0]


def _dead() -> int:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


@pytest.mark.parametrize("directory", ["{}/file/x", "{}/file", "/proc/nothing"])
def test_what_cannot_be_a_directory_is_refused(tmp_path: Path, directory: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"storage.path .* cannot be used: .*; fix: "):
        disk.Locks([].append).hold(directory.format(tmp_path))


def test_what_cannot_be_locked_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / disk.LOCK).mkdir()
    disk.Locks(told.append).hold(str(tmp_path))
    assert len(told) == 1
    assert "cannot be locked" in told[0]


@pytest.mark.parametrize("sync", [False, True])
def test_moving(tmp_path: Path, sync: bool) -> None:
    (tmp_path / "a.chunk").write_text("x")
    moved = disk.move(tmp_path / "a.chunk", tmp_path / "b" / "c", sync=sync)
    assert moved.read_text() == "x"
    assert (tmp_path / "b" / "c").stat().st_mode & 0o077 == 0
    with pytest.raises(LocalError, match="cannot move"):
        disk.move(tmp_path / "a.chunk", tmp_path / "b", sync=sync)
    with pytest.raises(LocalError, match="cannot make the spool"):
        disk.make_directory(moved / "d", sync=sync)
