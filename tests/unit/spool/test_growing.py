from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.model.errors import LocalError
from outrider.spool import growing
from outrider.spool.growing import GrowingFile, take_up


def made(path: Path, *pieces: bytes, about: bytes = b"about") -> GrowingFile:
    file = GrowingFile.create(path, about, b"0", sync=False)
    for number, piece in enumerate(pieces, 1):
        file.append(piece, str(number).encode())
    return file


@given(
    pieces=st.lists(st.binary(max_size=700), max_size=6), about=st.binary(max_size=2000), torn=st.binary(max_size=99)
)
@settings(max_examples=60, deadline=None)
def test_everything_appended_is_there_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], about: bytes, torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("g") / "a.data"
    made(path, *pieces, about=about).close()
    with open(path, "ab") as file:
        file.write(torn)
    found = take_up(path)
    assert found is not None
    again, described = found
    assert (b"".join(again), again.size) == (b"".join(pieces), len(b"".join(pieces)))
    assert (described, again.state) == (about, str(len(pieces)).encode())
    again.append(b"more", b"x")
    assert b"".join(again) == b"".join(pieces) + b"more"
    again.close()


def test_a_death_between_data_and_slot_loses_only_what_was_not_accepted(tmp_path: Path) -> None:
    """Every moment of an append: the bytes before it, those with part of its data, and those after it."""
    path = tmp_path / "a.data"
    file = made(path, b"first")
    before = path.read_bytes()
    file.append(b"second", b"s")
    after = path.read_bytes()
    file.close()
    for cut in range(len(b"second") + 1):
        path.write_bytes(before + b"second"[:cut])
        found = take_up(path)
        assert found is not None
        assert b"".join(found[0]) == b"first"
        found[0].close()
    path.write_bytes(after)
    found = take_up(path)
    assert found is not None
    assert b"".join(found[0]) == b"firstsecond"
    found[0].close()


@given(place=st.integers(0, 1200), bit=st.integers(0, 7), cut=st.integers(0, 1300) | st.none())
@settings(max_examples=200, deadline=None)
def test_damage_is_an_error_or_harms_nothing(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int, cut: int | None
) -> None:
    path = tmp_path_factory.mktemp("g") / "a.data"
    made(path, b"x" * 300, b"y" * 400).close()
    contents = bytearray(path.read_bytes())
    contents[place % len(contents)] ^= 1 << bit
    path.write_bytes(contents[:cut] if cut is not None else contents)
    try:
        found = take_up(path)
    except ValueError:
        return
    assert found is not None
    assert b"".join(found[0]) in (b"x" * 300, b"x" * 300 + b"y" * 400)
    found[0].close()


@given(st.binary(max_size=2000))
@settings(deadline=None)
def test_any_bytes_are_a_file_or_a_value_error(tmp_path_factory: pytest.TempPathFactory, contents: bytes) -> None:
    path = tmp_path_factory.mktemp("g") / "a.data"
    path.write_bytes((growing._MAGIC if len(contents) % 2 else b"") + contents)
    with pytest.raises(ValueError, match=r"."):
        take_up(path)


def test_a_file_that_is_open_is_left_alone(tmp_path: Path) -> None:
    file = made(tmp_path / "a.data", b"x")
    assert take_up(tmp_path / "a.data") is None
    file.close()
    assert take_up(tmp_path / "a.data") is not None
    assert take_up(tmp_path / "gone.data") is None


def test_a_closed_file_is_opened_again_when_it_is_needed(tmp_path: Path) -> None:
    file = made(tmp_path / "a.data", b"x")
    file.close()
    assert b"".join(file) == b"x"
    file.close()
    file.append(b"y", b"s")
    assert b"".join(file) == b"xy"
    file.move(tmp_path / "elsewhere")
    assert b"".join(file) == b"xy"
    file.delete()
    assert not (tmp_path / "elsewhere" / "a.data").exists()


def test_a_disk_that_is_full_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = made(tmp_path / "a.data", b"x")
    real, room = os.pwrite, [3]

    def full(fd: int, data: Any, place: int) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = min(room[0], len(data))
        room[0] -= taken
        return real(fd, data[:taken], place)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(LocalError, match="No space left"):
        file.append(b"yyyyyyyy", b"s")
    monkeypatch.undo()
    assert b"".join(file) == b"x"
    assert file.state == b"1"
    file.append(b"z", b"s")
    file.close()
    found = take_up(tmp_path / "a.data")
    assert found is not None
    assert b"".join(found[0]) == b"xz"
    found[0].close()


def test_what_the_disk_refuses_is_a_local_error(tmp_path: Path) -> None:
    with pytest.raises(LocalError):
        GrowingFile.create(tmp_path / "no" / "a.data", b"", b"", sync=True)
    file = made(tmp_path / "a.data", b"x")
    file.close()
    shutil.move(tmp_path / "a.data", tmp_path / "b")
    with pytest.raises(LocalError):
        list(file)
    (tmp_path / "d.data").mkdir()
    with pytest.raises(LocalError):
        take_up(tmp_path / "d.data")


def test_full_sync_reaches_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fdatasync", lambda fd: synced.append("data"))
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append("file"))
    file = GrowingFile.create(tmp_path / "a.data", b"", b"", sync=True)
    assert synced == ["file", "file"]
    file.append(b"x", b"")
    assert synced[2:] == ["data", "data"]
    file.close()
