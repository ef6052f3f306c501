"""What lies in a spool can be read, and stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outrider.cli import operator
from outrider.formats import msgpack
from outrider.spool.chunkfile import ChunkFile, Header, mark_done


def write(directory: Path, codec: str = "batch") -> Path:
    file = ChunkFile(directory, Header("1" * 32, "app", codec, 1), sync=False)
    file.append(msgpack.encode([[1_700_000_000_000_000_000, 0], [{"n": 1}, {"n": 2}], None]), 2)
    file.seal()
    mark_done(file.path, "http.0")
    return file.path


@pytest.mark.parametrize("whole", [True, False])
def test_records_are_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str], whole: bool) -> None:
    path = write(tmp_path)
    before = path.read_bytes()
    assert operator.main(["spool", str(tmp_path if whole else path)]) == 0
    shown = capfd.readouterr()
    first, second = map(json.loads, shown.out.splitlines())
    assert (first["n"], second["n"]) == (1, 2)
    assert first["date"].startswith("2023-11-14T22:13:20")
    assert "tag app, 2 records" in shown.err
    assert "delivered to http.0" in shown.err
    assert path.read_bytes() == before


def test_only_the_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    assert operator.main(["spool", "--no-records", str(tmp_path)]) == 0
    shown = capfd.readouterr()
    assert not shown.out
    assert "2 records" in shown.err


def test_damage_is_told_and_the_rest_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path)
    path.with_suffix(".broken").write_bytes(path.read_bytes()[:-3])
    (tmp_path / "1.broken").write_bytes(b"nothing")
    assert operator.main(["spool", str(tmp_path)]) == 1
    shown = capfd.readouterr()
    assert len(shown.out.splitlines()) == 4
    assert "unfinished frame at its end" in shown.err
    assert "no readable records" in shown.err


def test_forms_that_nobody_knows(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "from.the.future")
    assert operator.main(["spool", str(tmp_path)]) == 1
    assert "'from.the.future'" in capfd.readouterr().err


def test_a_path_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["spool", str(tmp_path / "none")]) == 2
    assert "does not exist" in capfd.readouterr().err
