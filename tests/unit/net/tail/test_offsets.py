"""The database of positions: what is damaged is set aside, and what is refused says what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from outrider.model.errors import LocalError
from outrider.net.tail.offsets import Offsets, Position


def opened(path: Path) -> Offsets:
    return Offsets(str(path), sync="normal", journal="WAL", locking=False, by_name=False)


def position(number: int) -> Position:
    return Position("/var/log/" + "x" * 200, 1, number, 10, "", False)


def cut(path: Path) -> None:
    database = opened(path)
    database.save(map(position, range(1000)))
    database.close()
    path.write_bytes(path.read_bytes()[:20_000])


def overwritten(path: Path) -> None:
    database = opened(path)
    database.save(map(position, range(1000)))
    database.close()
    data = bytearray(path.read_bytes())
    data[4096 : 4096 + 8192] = b"\xff" * 8192
    path.write_bytes(data)


def garbage(path: Path) -> None:
    path.write_bytes(b"lines of a log\n" * 1000)


@pytest.mark.parametrize("damage", [cut, overwritten, garbage])
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    path = tmp_path / "x.db"
    for name in ("x.db.damaged", "x.db.damaged2"):
        damage(path)
        before = path.read_bytes()
        database = opened(path)
        assert f"it is {tmp_path / name} now" in database.set_aside
        assert database.rows() == []
        database.save([position(7)])
        database.close()
        assert (tmp_path / name).read_bytes() == before
    database = opened(path)
    assert database.set_aside == ""
    assert [row.inode for row in database.rows()] == [7]
    database.close()


def test_a_file_of_an_earlier_run_stays(tmp_path: Path) -> None:
    database = opened(tmp_path / "x.db")
    database.save([position(1)])
    database.close()
    again = opened(tmp_path / "x.db")
    assert (again.set_aside, len(again.rows())) == ("", 1)
    again.close()


def test_what_is_refused_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outrider.net.tail.offsets._BUSY_SECONDS", 0.0)
    with pytest.raises(LocalError, match="unable to open database file; fix: make it and its directory writable"):
        opened(tmp_path)
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LocalError, match="database is locked; fix: stop who else has it open"):
        opened(tmp_path / "x.db")
    other.close()
    assert not (tmp_path / "x.db.damaged").exists()
