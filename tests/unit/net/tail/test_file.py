"""One file: positions, truncation, descriptors, compression."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from outrider.model.errors import LocalError
from outrider.net.tail.file import CHECK_SIZE, Descriptors, TailFile, checksum_of, regular
from outrider.net.tail.gzip import GzipFile


def opened(path: Path, kind: type[TailFile] = TailFile) -> TailFile:
    file = kind(str(path), path.stat())
    Descriptors(10).open(file)
    return file


def all_of(file: TailFile, size: int = 100) -> bytes:
    found = b""
    while True:
        block, _ = file.read(size)
        if not block:
            return found
        found += block
        file.advance(block, len(block))


def test_what_is_not_done_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo")
    file = opened(path)
    assert file.read(100) == (b"one\ntwo", False)
    file.advance(b"one\ntwo", 4)
    assert file.read(100) == (b"two", False)
    with path.open("ab") as stream:
        stream.write(b"!\n")
    assert file.read(100) == (b"two!\n", False)


@pytest.mark.parametrize("after", [b"", b"new\n", b"x" * 199 + b"\n", b"y" * 500 + b"\n"])
def test_a_truncation_is_seen_however_much_was_written_since(tmp_path: Path, after: bytes) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"old line\n" * 22 + b"z\n")
    file = opened(path)
    assert len(all_of(file, 150)) == 200
    path.write_bytes(after)
    assert file.read(1000) == (after, True)
    assert file.offset == 0


def test_growth_is_no_truncation(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"")
    file = opened(path)
    written = b""
    for number in range(300):
        with path.open("ab") as stream:
            stream.write(b"%d\n" % number)
        written += b"%d\n" % number
        block, truncated = file.read(1 << 16)
        assert not truncated
        file.advance(block, len(block))
        assert file.check == written[-CHECK_SIZE:]


def test_a_saved_position_is_believed_when_the_bytes_before_it_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\n")
    file = opened(path)
    check = checksum_of(b"one\n")
    assert file.holds(4, check)
    assert file.holds(4, "")
    assert not file.holds(9, "")
    path.write_bytes(b"uno\ntwo\nthree\n")
    assert not file.holds(4, check)


def test_only_so_many_are_open_and_any_can_be_read(tmp_path: Path) -> None:
    descriptors = Descriptors(3)
    files = []
    for number in range(10):
        path = tmp_path / f"{number}.log"
        path.write_text(f"{number}\n")
        files.append(TailFile(str(path), path.stat()))
    for turn in range(2):
        for number, file in enumerate(files):
            descriptors.open(file)
            assert file.read(10)[0] == b"%d\n" % number, turn
            assert sum(other.descriptor >= 0 for other in files) <= 3
    os.rename(tmp_path / "0.log", tmp_path / "renamed")
    descriptors.open(files[0])
    assert files[0].read(10)[0] == b"0\n"
    os.unlink(tmp_path / "1.log")
    with pytest.raises(LocalError, match=r"1\.log"):
        descriptors.open(files[1])
    descriptors.close_all()
    assert all(file.descriptor < 0 for file in files)


def test_another_file_of_the_name_is_not_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("old\n")
    file = TailFile(str(path), path.stat())
    path.rename(tmp_path / "elsewhere")
    path.write_text("new\n")
    Descriptors(1).open(file)
    assert file.read(10)[0] == b"old\n"


def test_directories_and_pipes_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert regular(str(tmp_path)) is None
    assert regular(str(tmp_path / "pipe")) is None
    assert regular(str(tmp_path / "nothing")) is None


TEXT = b"".join(b"line %d\n" % number for number in range(5000))


@pytest.mark.parametrize("size", [10, 1000, 1 << 20])
def test_a_compressed_file_of_several_members(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]))
    file = opened(path, GzipFile)
    assert file.saved_offset == 0
    assert all_of(file, size) == TEXT
    assert file.saved_offset == path.stat().st_size
    assert isinstance(file, GzipFile)
    assert (file.done, file.trouble) == (True, "")


def test_little_is_unpacked_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"\n" * 50_000_000))
    file = opened(path, GzipFile)
    block, _ = file.read(1000)
    assert len(block) == 1000
    assert len(file._text) < 10_000  # type: ignore[attr-defined]


def test_a_compressed_file_that_is_still_written(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    packed = gzip.compress(TEXT)
    path.write_bytes(packed[:3000])
    file = opened(path, GzipFile)
    begun = all_of(file)
    assert begun
    assert file.saved_offset == 0
    path.write_bytes(packed)
    assert begun + all_of(file) == TEXT
    assert file.saved_offset == len(packed)


def test_what_is_no_gzip_is_done(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT) + b"garbage")
    file = opened(path, GzipFile)
    assert all_of(file) == TEXT
    assert isinstance(file, GzipFile)
    assert file.done
    assert "is not gzip" in file.trouble
    assert file.saved_offset == path.stat().st_size


def test_a_compressed_file_that_was_read_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT))
    file = opened(path, GzipFile)
    size = path.stat().st_size
    assert file.holds(size, "")
    file.go_to(size)
    assert all_of(file) == b""
