"""A disk that fills up takes a part of a write without complaint; nothing may be taken for written then."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from outrider.model.errors import LocalError
from outrider.spool import chunkfile

HEADER = chunkfile.Header("0" * 32, "tag", "codec", 1)


def disk_with(room: int, real: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
    """``os.write`` on a disk with so many bytes left."""
    left = room

    def write(fd: int, data: bytes) -> int:
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = real(fd, bytes(data[:left]))
        left -= written
        return written

    return write


@pytest.mark.parametrize("room", [0, 1, 60, 100])
def test_a_replacement_that_does_not_fit_leaves_the_chunk_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    file = chunkfile.ChunkFile(tmp_path, HEADER, sync=False)
    file.append(b"record", 1)
    file.seal()
    monkeypatch.setattr(os, "write", disk_with(room, os.write))
    with pytest.raises(LocalError, match="No space left"):
        chunkfile.replace(file.path, HEADER, b"x" * 200, 1)
    assert chunkfile.read(file.path) == [b"record"]
    assert list(tmp_path.iterdir()) == [file.path]


@pytest.mark.parametrize("room", [0, 1, 12, 100])
def test_an_append_that_does_not_fit_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    file = chunkfile.ChunkFile(tmp_path, HEADER, sync=False)
    file.append(b"first", 1)
    with monkeypatch.context() as full:
        full.setattr(os, "write", disk_with(room, os.write))
        with pytest.raises(LocalError, match="No space left"):
            file.append(b"y" * 200, 1)
    file.append(b"second", 1)
    assert chunkfile.read(file.path) == [b"first", b"second"]


def test_a_mark_that_does_not_fit_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = chunkfile.ChunkFile(tmp_path, HEADER, sync=False)
    file.append(b"record", 1)
    file.seal()
    size = file.path.stat().st_size
    monkeypatch.setattr(os, "write", disk_with(3, os.write))
    with pytest.raises(LocalError, match="No space left"):
        chunkfile.mark_done(file.path, "syslog.0")
    assert file.path.stat().st_size == size
