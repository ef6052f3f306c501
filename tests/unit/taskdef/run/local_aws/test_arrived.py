from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import LocalError
from outrider.taskdef.run.local_aws.arrived import Place, _write, file_name, make_folder

KEYS = st.text(st.characters() | st.sampled_from("/.%~ "), max_size=300)


@given(KEYS)
def test_no_key_leads_out_of_the_folder(key: str) -> None:
    path = file_name(key)
    assert not path.is_absolute()
    assert not {"", ".", ".."} & {*path.parts}
    assert all(len(part) < 255 and part.isascii() and "\0" not in part for part in path.parts)


@given(KEYS, KEYS)
def test_two_keys_are_two_files(one: str, other: str) -> None:
    assert (file_name(one) == file_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("web/2026/11/21/a b.gz", "web/2026/11/21/a b.gz"),
        ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
        ("/a//b", "%/a/%/b"),
        ("ü%", "%C3%BC%25"),
    ],
)
def test_keys_that_people_use_stay_readable(key: str, path: str) -> None:
    assert file_name(key) == Path(path)


def test_a_key_may_be_the_folder_of_another(tmp_path: Path) -> None:
    _write(tmp_path, "a/b", b"1")
    _write(tmp_path, "a", b"2")
    _write(tmp_path, "a/b/c", b"3")
    found = {path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {b"1", b"2", b"3"}


def test_a_place_says_what_is_there() -> None:
    assert str(Place("bucket", "b", 2, 10)) == "bucket b: 2 objects, 10 bytes"
    assert str(Place("log stream", "g s", 1, 5)) == "log stream g s: 1 event, 5 bytes"


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    make_folder(tmp_path / "new" / "out")
    assert (tmp_path / "new" / "out").is_dir()
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "below", Path("/proc/outrider")):
        with pytest.raises(LocalError, match="fix: name another folder with --local-aws-out"):
            make_folder(folder)
