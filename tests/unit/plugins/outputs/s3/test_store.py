from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.model.errors import LocalError
from outrider.plugins.outputs.s3.files import StoreFile
from outrider.plugins.outputs.s3.pack import Compression
from outrider.plugins.outputs.s3.store import Store, Upload


def store_in(directory: Path, compression: Compression = "gzip", warnings: list[str] | None = None) -> Store:
    made = Store(directory / "s", compression, (warnings if warnings is not None else []).append, sync=False, md5=False)
    made.open()
    return made


def contents(file: StoreFile, stand_in: ModuleType) -> bytes:
    text: bytes = stand_in.unpacked(b"".join(file.data), file.compression)
    return text


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_more_tags_than_descriptors(tmp_path: Path, compression: Compression, stand_in: ModuleType) -> None:
    store = store_in(tmp_path, compression)
    files = [store.create(f"t{n}", 0, 1.0 + n, f"r{n}") for n in range(100)]
    before = len(os.listdir("/proc/self/fd"))
    for round_ in range(3):
        for number, file in enumerate(files):
            store.add(file, b"%d of %d\n" % (round_, number), 1)
    assert len(os.listdir("/proc/self/fd")) <= before
    for number, file in enumerate(files):
        store.finish(file)
        assert contents(file, stand_in) == b"".join([b"%d of %d\n" % (round_, number) for round_ in range(3)])
        assert file.sha256.hexdigest() == _sha256(b"".join(file.data))
        file.data.close()
    assert store.used == sum(file.size for file in files)
    store.close()


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_full_disk_takes_nothing_and_the_stream_goes_on_after_it(
    tmp_path: Path, compression: Compression, stand_in: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(tmp_path, compression)
    file = store.create("t", 0, 1.0, "r")
    store.add(file, b"one\n", 1)

    def full(fd: int, data: Any, place: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(LocalError):
            store.add(file, b"two\n", 1)
    store.add(file, b"three\n", 1)
    store.finish(file)
    assert contents(file, stand_in) == b"one\nthree\n"
    assert file.state.records == 2
    assert file.sha256.hexdigest() == _sha256(b"".join(file.data))
    store.close()


def test_leftovers_come_in_order_and_empty_ones_go(tmp_path: Path, stand_in: ModuleType) -> None:
    first = store_in(tmp_path)
    for number in range(3):
        file = first.create(f"t{number}", number, 1.0 + number, "r")
        if number != 1:
            first.add(file, b"x\n", 1)
        file.data.close()
    first.save(Upload("id", "/k", "t0", 1.0, "gzip"))
    first.close()
    second = store_in(tmp_path)
    upload, *files = list(second.take_up())
    assert isinstance(upload, Upload)
    assert [file.tag for file in files] == ["t0", "t2"]
    assert [contents(file, stand_in) for file in files if isinstance(file, StoreFile)] == [b"x\n", b"x\n"]
    assert list(second.take_up()) == []
    second.close()


@given(
    st.binary(max_size=300)
    | st.recursive(st.text() | st.integers() | st.none(), st.lists).map(json.dumps).map(str.encode)
)
@settings(deadline=None)
def test_any_leftover_is_taken_up_or_set_aside(tmp_path_factory: pytest.TempPathFactory, found: bytes) -> None:
    directory = tmp_path_factory.mktemp("d")
    warnings: list[str] = []
    store = store_in(directory, warnings=warnings)
    for name in ("a.data", "b.upload"):
        (directory / "s" / name).write_bytes(found)
    assert list(store.take_up()) == []
    assert len(warnings) == 2
    assert sorted(path.name for path in (directory / "s").iterdir()) == ["a.broken", "b.broken", "lock"]
    store.close()


@given(
    st.dictionaries(st.sampled_from(list(Upload.__dataclass_fields__)), st.integers() | st.text() | st.lists(st.text()))
)
@settings(deadline=None)
def test_any_fields_are_an_upload_or_set_aside(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]
) -> None:
    directory = tmp_path_factory.mktemp("d")
    store = store_in(directory)
    whole = {"id": "i", "key": "/k", "tag": "t", "begun": 1.0, "compression": "gzip", **fields}
    (directory / "s" / "b.upload").write_text(json.dumps(whole))
    for upload in store.take_up():
        assert isinstance(upload, Upload)
        assert isinstance(upload.key, str)
        assert len(upload.etags) == len(upload.files)
    store.close()


def test_a_file_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    warnings: list[str] = []
    store = store_in(tmp_path, warnings=warnings)
    (tmp_path / "s" / "0.data").mkdir()
    file = store.create("t", 0, 1.0, "r")
    store.add(file, b"x\n", 1)
    file.data.close()
    store.close()
    again = store_in(tmp_path, warnings=warnings)
    assert len(list(again.take_up())) == 1
    assert len(warnings) == 1
    again.close()


def test_numbers_are_given_once(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert [store.next_index() for _ in range(3)] == [0, 1, 2]
    assert store_in(tmp_path).next_index() == 3
    (tmp_path / "s" / "index").write_text("damaged")
    with pytest.raises(LocalError, match="damaged"):
        store_in(tmp_path).next_index()
