"""A chunk as a file: what was accepted is found again after any death, and damage is set aside and told."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.formats import msgpack
from outrider.model.errors import LocalError
from outrider.spool import chunkfile
from outrider.spool.chunkfile import ChunkFile, Header, Recovered

HEADER = Header("ab" * 16, "app.web", "forward.messages", 1_700_000_000_000_000_000)
PIECES = [(b"first", 1), (b"second" * 20, 3), (b"third", 2)]
FRAME_HEAD = 17


def write(directory: Path, pieces: list[tuple[bytes, int]] = PIECES, *, sync: bool = False) -> Path:
    directory.mkdir(exist_ok=True)
    file = ChunkFile(directory, HEADER, sync=sync)
    for raw, count in pieces:
        file.append(raw, count)
    file.seal()
    return file.path


def recover(directory: Path) -> tuple[list[Recovered], list[str]]:
    found = list(chunkfile.recover(directory))
    return [f for f in found if isinstance(f, Recovered)], [f for f in found if isinstance(f, str)]


@pytest.mark.parametrize(
    "header",
    [
        {"id": "x", "tag": "x", "codec": "x", "created": float("inf")},
        {"id": "x", "tag": "x", "codec": "x", "created": "soon"},
        {"id": "x"},
        ["id"],
        None,
    ],
)
def test_a_header_that_says_something_else_is_set_aside(tmp_path: Path, header: object) -> None:
    frames = chunkfile._frame(b"H", msgpack.encode(header), 0), chunkfile._frame(b"D", b"\xc0", 1)
    (tmp_path / "x.chunk").write_bytes(b"ORSP2\n" + b"".join(frames))
    found, (text,) = recover(tmp_path)
    assert found == []
    assert "set aside" in text


@pytest.mark.parametrize("sync", [False, True])
def test_what_was_appended_is_recovered(tmp_path: Path, sync: bool) -> None:
    path = write(tmp_path, sync=sync)
    assert chunkfile.read(path) == [raw for raw, _ in PIECES]
    (found,), texts = recover(tmp_path)
    assert (found.header, found.count, found.done, found.damage) == (HEADER, 6, set(), "")
    assert found.size == sum(len(raw) for raw, _ in PIECES)
    assert not texts


def test_a_file_that_is_still_open_is_recovered(tmp_path: Path) -> None:
    file = ChunkFile(tmp_path, HEADER, sync=False)
    file.append(b"raw", 2)
    (found,), _ = recover(tmp_path)
    assert found.count == 2


def test_chunks_are_recovered_oldest_first(tmp_path: Path) -> None:
    for created in (3, 1, 2):
        file = ChunkFile(tmp_path, Header(str(created), "t", "c", created), sync=False)
        file.append(b"x", 1)
        file.seal()
    assert [found.header.created for found in recover(tmp_path)[0]] == [1, 2, 3]


def test_tag_that_is_not_text(tmp_path: Path) -> None:
    header = Header("id", "\udcff/..\0", "c", 1)
    file = ChunkFile(tmp_path, header, sync=False)
    file.append(b"x", 1)
    assert recover(tmp_path)[0][0].header == header


def test_outputs_that_are_done_stay_marked_when_the_content_is_replaced(tmp_path: Path) -> None:
    path = write(tmp_path)
    chunkfile.mark_done(path, "first.0")
    chunkfile.mark_done(path, "second.0")
    assert recover(tmp_path)[0][0].done == {"first.0", "second.0"}
    chunkfile.replace(path, HEADER, b"filtered", 4, {"first.0", "second.0"})
    assert chunkfile.read(path) == [b"filtered"]
    (found,), _ = recover(tmp_path)
    assert (found.count, found.done) == (4, {"first.0", "second.0"})


@pytest.mark.parametrize("accepted", [0, 1, 2])
def test_a_torn_end_is_cut_off_and_all_before_it_recovered(tmp_path: Path, accepted: int) -> None:
    start = write(tmp_path / "a", PIECES[:accepted]).stat().st_size
    contents = write(tmp_path / "b", PIECES[: accepted + 1]).read_bytes()
    directory = tmp_path / "torn"
    for length in range(start, len(contents)):
        directory.mkdir(exist_ok=True)
        path = directory / f"1{chunkfile.SUFFIX}"
        path.write_bytes(contents[:length])
        found, texts = recover(directory)
        assert sum(chunk.count for chunk in found) == sum(count for _, count in PIECES[:accepted])
        broken = path.with_suffix(chunkfile.BROKEN)
        if accepted:
            assert not texts
            assert path.stat().st_size == start
            assert chunkfile.read(path) == [raw for raw, _ in PIECES[:accepted]]
            assert found[0].torn == (PIECES[accepted][1] if length >= start + FRAME_HEAD else 0)
        if length > start:
            assert broken.read_bytes() == contents[:length], "what was cut off is kept"
            broken.unlink()
        assert not list(directory.glob(f"*{chunkfile.BROKEN}"))


def test_a_file_that_never_got_a_record_is_removed(tmp_path: Path) -> None:
    contents = write(tmp_path / "a", []).read_bytes()
    for length in range(len(contents) + 1):
        path = tmp_path / f"{length}{chunkfile.SUFFIX}"
        path.write_bytes(contents[:length])
    assert recover(tmp_path) == ([], [])
    assert not list(tmp_path.glob(f"*{chunkfile.SUFFIX}"))


def test_a_flipped_bit_anywhere_is_told_and_loses_its_own_frame_at_most(tmp_path: Path) -> None:
    contents = write(tmp_path / "a").read_bytes()
    pieces = [raw for raw, _ in PIECES]
    for place in range(len(contents)):
        for bit in (0, 7):
            directory = tmp_path / f"{place}-{bit}"
            directory.mkdir()
            damaged = bytearray(contents)
            damaged[place] ^= 1 << bit
            path = directory / f"1{chunkfile.SUFFIX}"
            path.write_bytes(damaged)
            found, texts = recover(directory)
            assert texts or found[0].damage, f"damage at byte {place} is not told"
            assert path.with_suffix(chunkfile.BROKEN).read_bytes() == damaged
            for chunk in found:
                left = chunkfile.read(chunk.path)
                assert [raw for raw in pieces if raw in left] == left, "only whole pieces, in order"
                assert chunk.count == sum(count for raw, count in PIECES if raw in left)
            again, texts = recover(directory)
            assert ([chunk.count for chunk in again], texts) == ([chunk.count for chunk in found], [])


def test_frames_after_a_damaged_payload_are_recovered(tmp_path: Path) -> None:
    path = write(tmp_path)
    contents = bytearray(path.read_bytes())
    contents[contents.index(b"second")] ^= 1
    path.write_bytes(contents)
    (found,), _ = recover(tmp_path)
    assert (found.count, chunkfile.read(path)) == (3, [b"first", b"third"])
    assert "checksum" in found.damage


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=120), st.booleans())
def test_any_content_is_recovered_or_told(tmp_path: Path, content: bytes, with_magic: bool) -> None:
    path = tmp_path / f"1{chunkfile.SUFFIX}"
    path.write_bytes(b"ORSP2\n" * with_magic + content)
    found, texts = recover(tmp_path)
    assert not found
    assert texts or not path.exists()


def test_reading_a_damaged_chunk_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path)
    contents = bytearray(path.read_bytes())
    contents[-1] ^= 1
    path.write_bytes(contents)
    with pytest.raises(chunkfile.DamagedError, match="damaged"):
        chunkfile.read(path)
    path.unlink()
    with pytest.raises(chunkfile.DamagedError, match="is gone"):
        chunkfile.read(path)
    path.mkdir()
    with pytest.raises(LocalError, match="cannot read"):
        chunkfile.read(path)


def test_temporary_files_are_removed(tmp_path: Path) -> None:
    (tmp_path / "1.tmp").write_bytes(b"half")
    assert recover(tmp_path) == ([], [])
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_read_is_told_and_stays(tmp_path: Path) -> None:
    (tmp_path / f"1{chunkfile.SUFFIX}").mkdir()
    write(tmp_path)
    found, (text,) = recover(tmp_path)
    assert [chunk.count for chunk in found] == [6]
    assert "stays where it is" in text


class FullDisk:
    """``os.write`` that takes so many bytes more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room = room
        self._write = os.write
        monkeypatch.setattr(chunkfile.os, "write", self.write)

    def write(self, fd: int, data: bytes) -> int:
        taken = min(self.room, len(data))
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= taken
        return self._write(fd, bytes(data)[:taken])


@pytest.mark.parametrize("room", [0, 1, FRAME_HEAD, FRAME_HEAD + 3])
def test_a_full_disk_takes_a_record_whole_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    file = ChunkFile(tmp_path, HEADER, sync=False)
    file.append(b"first", 1)
    before = file.path.read_bytes()
    disk = FullDisk(monkeypatch, room)
    with pytest.raises(LocalError, match="No space left"):
        file.append(b"second", 1)
    assert file.path.read_bytes() == before
    disk.room = 1000
    file.append(b"third", 1)
    assert chunkfile.read(file.path) == [b"first", b"third"]


@pytest.mark.parametrize("room", [0, 20])
def test_a_full_disk_leaves_no_half_made_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    FullDisk(monkeypatch, room)
    with pytest.raises(LocalError, match="No space left"):
        ChunkFile(tmp_path, HEADER, sync=False)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_keeps_what_was_to_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    FullDisk(monkeypatch, 30)
    with pytest.raises(LocalError, match="No space left"):
        chunkfile.replace(path, HEADER, b"filtered" * 10, 6)
    assert chunkfile.read(path) == [raw for raw, _ in PIECES]
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_full_disk_leaves_no_half_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    before = path.read_bytes()
    FullDisk(monkeypatch, 5)
    with pytest.raises(LocalError, match="No space left"):
        chunkfile.mark_done(path, "first.0")
    assert path.read_bytes() == before


def test_set_aside(tmp_path: Path) -> None:
    path = write(tmp_path)
    aside = chunkfile.set_aside(path)
    assert aside.suffix == chunkfile.BROKEN
    assert not path.exists()
    with pytest.raises(LocalError, match="cannot set"):
        chunkfile.set_aside(path)
