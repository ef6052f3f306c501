"""The file system as a configuration needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrider.formats.stock_files import TEXTS
from outrider.net.files import ConfigurationFiles

STOCK = "/ecs/service.conf"


def test_what_is_on_disk_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(b"\xef\xbb\xbfa\r\n\xff")
    files = ConfigurationFiles({str(path): "b"})
    assert files.read(str(path)) == "a\r\n\udcff"
    assert files.identity(str(path)) == (path.stat().st_dev, path.stat().st_ino)


def test_texts_and_stock_files_are_there_without_a_disk() -> None:
    files = ConfigurationFiles({"arn:x": "b", "/fluent-bit/configs/own.conf": "c"})
    assert [files.read(path) for path in ("arn:x", "/fluent-bit/configs/own.conf")] == ["b", "c"]
    assert files.read(STOCK) == TEXTS[STOCK]
    assert files.identity(STOCK) == STOCK


def test_a_file_where_a_folder_should_be_hides_no_text(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "a.conf")
    files = ConfigurationFiles({path: "b"})
    assert (files.identity(path), files.read(path)) == (path, "b")


@pytest.mark.parametrize("path", ["/ecs/nosuch.conf", "nosuch", "a\0b"])
def test_what_is_nowhere_is_missing(path: str) -> None:
    files = ConfigurationFiles()
    assert files.identity(path) is None
    with pytest.raises((OSError, ValueError)):
        files.read(path)
