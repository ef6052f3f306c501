"""Which files are there, and what the kernel says of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from outrider.model.errors import LocalError
from outrider.net.tail.file import Descriptors, TailFile
from outrider.net.tail.found import Found
from outrider.net.tail.inotify import Inotify
from outrider.net.tail.offsets import Offsets
from outrider.net.tail.positions import Positions

NOW = 2_000_000_000.0


def names(files: list[TailFile]) -> list[str]:
    return [os.path.basename(file.path) for file in files]


def test_new_files_once_each(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "c.txt", "skip.log"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "d.log").mkdir()
    (tmp_path / "link.log").symlink_to(tmp_path / "a.log")
    found = Found([f"{tmp_path}/*.log", f"{tmp_path}/a*"], ["*/skip*"], 0)
    new = found.scan(NOW)
    assert names(new) == ["a.log", "b.log"]
    for file in new:
        found.take_up(file)
    assert found.scan(NOW) == []
    (tmp_path / "e.log").write_text("")
    assert names(found.scan(NOW)) == ["e.log"]


def test_old_files_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("x\n")
    os.utime(path, (NOW - 100, NOW - 100))
    found = Found([str(path)], [], 50)
    assert found.scan(NOW) == []
    assert names(found.scan(NOW - 60)) == ["a.log"]


def test_a_file_that_was_let_go_comes_back_when_it_has_more(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\n")
    found = Found([f"{tmp_path}/*"], [], 0)
    file = found.scan(NOW)[0]
    found.take_up(file)
    Descriptors(1).open(file)
    file.go_to(4)
    path.rename(tmp_path / "a.log.1")
    assert found.rotated(5.0) == [file]
    assert found.rotated(6.0) == []
    assert file.rotated == 5.0
    assert found.by_path == {}
    (tmp_path / "a.log.1").rename(path)
    assert found.rotated(7.0) == []
    assert file.rotated is None
    assert found.by_path[str(path)] is file
    path.rename(tmp_path / "a.log.1")
    assert found.rotated(8.0) == [file]
    found.let_go(file)
    assert found.scan(NOW) == []
    with (tmp_path / "a.log.1").open("a") as stream:
        stream.write("two\n")
    assert names(found.scan(NOW)) == ["a.log.1"]
    (tmp_path / "a.log.1").unlink()
    assert found.scan(NOW) == []
    assert found.left == {}


def test_the_kernel_says_what_has_changed(tmp_path: Path) -> None:
    inotify = Inotify()
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    path = tmp_path / "a.log"
    path.write_text("")
    inotify.watch(str(tmp_path))
    inotify.watch(f"{tmp_path}/link")
    inotify.watch(f"{tmp_path}/nothing")
    assert inotify.changes() == (set(), False, False)
    path.write_text("x")
    assert inotify.changes() == ({str(path), f"{tmp_path}/link/a.log"}, False, False)
    path.rename(tmp_path / "b.log")
    assert inotify.changes() == (set(), True, False)
    inotify.close()


def saved(database: Path, **options: bool) -> Offsets:
    given = {"locking": False, "by_name": False, **options}
    return Offsets(str(database), sync="normal", journal="WAL", **given)


def warn(text: str) -> None:
    raise AssertionError(text)


@pytest.mark.parametrize(
    "columns",
    [
        "id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER, inode INTEGER, created INTEGER, rotated INTEGER",
        "id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER, inode INTEGER, created INTEGER, rotated INTEGER,"
        " offset_marker INTEGER DEFAULT 0, offset_marker_size INTEGER DEFAULT 0",
    ],
)
def test_a_database_of_fluent_bit_is_taken_over_and_given_back(tmp_path: Path, columns: str) -> None:
    import sqlite3

    path = tmp_path / "a.log"
    path.write_text("one\ntwo\n")
    theirs = sqlite3.connect(tmp_path / "flb.db")
    theirs.execute(f"CREATE TABLE in_tail_files ({columns})")
    theirs.execute(
        "INSERT INTO in_tail_files (name, offset, inode, created) VALUES (?, 4, ?, 0)", (str(path), path.stat().st_ino)
    )
    theirs.commit()
    positions = Positions(saved(tmp_path / "flb.db"), warn)
    file = TailFile(str(path), path.stat())
    Descriptors(1).open(file)
    row = positions.of(file)
    assert row is not None
    assert (row.offset, row.check) == (4, "")
    file.go_to(8)
    positions.changed(file)
    positions.close()
    assert theirs.execute("SELECT name, offset, inode FROM in_tail_files").fetchall() == [
        (str(path), 8, path.stat().st_ino)
    ]


def test_a_position_is_saved_when_it_is_safe(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\n")
    file = TailFile(str(path), path.stat())
    Descriptors(1).open(file)
    positions = Positions(saved(tmp_path / "x.db"), warn)
    file.go_to(4)
    file.safe = False
    positions.changed(file)
    positions.save()
    other = saved(tmp_path / "x.db")
    assert other.rows() == []
    file.safe = True
    positions.save(at_once=True)
    assert [(row.offset, row.rotated) for row in other.rows()] == [(4, False)]


def test_a_row_of_a_file_that_is_gone_is_forgotten_and_a_renamed_one_found(tmp_path: Path) -> None:
    database = saved(tmp_path / "x.db")
    positions = Positions(database, warn)
    descriptors = Descriptors(10)
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_text("one\n")
        file = TailFile(str(tmp_path / name), (tmp_path / name).stat())
        descriptors.open(file)
        file.go_to(4)
        positions.changed(file)
    positions.close()
    (tmp_path / "a.log").rename(tmp_path / "a.log.1")
    keeper = (tmp_path / "b.log").open()  # its inode is not used again
    (tmp_path / "b.log").unlink()
    again = Positions(saved(tmp_path / "x.db"), warn)
    left = [(file.path, file.real, row.offset) for file, row in again.left_over(set())]
    assert left == [(str(tmp_path / "a.log"), str(tmp_path / "a.log.1"), 4)]
    assert [row.name for row in saved(tmp_path / "x.db").rows()] == [str(tmp_path / "a.log")]
    keeper.close()


def test_where_no_database_can_be(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"x\.db: unable to open database file; fix: make it"):
        saved(tmp_path / "nothing" / "x.db")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(str(tmp_path)) + b"/\xff.log")
    Path(path).write_text("one\n")
    for _ in range(2):
        positions = Positions(saved(tmp_path / "x.db", by_name=True), warn)
        file = Found([f"{tmp_path}/*.log"], [], 0).scan(NOW)[0]
        Descriptors(1).open(file)
        row = positions.of(file)
        file.go_to(4)
        positions.changed(file)
        positions.close()
    assert row is not None
    assert (row.name, row.offset) == (path, 4)


def test_a_file_that_was_deleted_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\n")
    file = TailFile(str(path), path.stat())
    Descriptors(1).open(file)
    positions = Positions(saved(tmp_path / "x.db"), warn)
    positions.changed(file)
    positions.save()
    positions.let_go(file)
    positions.save(at_once=True)
    assert len(saved(tmp_path / "x.db").rows()) == 1
    path.unlink()
    positions.let_go(file)
    positions.close()
    assert saved(tmp_path / "x.db").rows() == []


def test_a_database_that_somebody_else_has(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "a.log"
    path.write_text("one\n")
    file = TailFile(str(path), path.stat())
    Descriptors(1).open(file)
    said: list[str] = []
    positions = Positions(saved(tmp_path / "x.db"), said.append)
    positions.changed(file)
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    positions.save()
    assert "locked" in said[0]
    other.execute("ROLLBACK")
    positions.close()
    assert len(saved(tmp_path / "x.db").rows()) == 1
