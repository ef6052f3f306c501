"""Files that are written, rotated and truncated while routers come and die."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CONFIG = """
[SERVICE]
    Flush 0.1
    Grace 5
    storage.path {dir}/spool
[INPUT]
    Name tail
    Path {path}
    DB {dir}/tail.db
    Read_from_Head On
    Rotate_Wait 1
    storage.type filesystem
    Tag t
[OUTPUT]
    Name file
    Match *
    Path {dir}
    File out.txt
    Format template
    Template {{log}}
"""


@pytest.fixture
def follow(router: Any, tmp_path: Path) -> Callable[[str], Any]:
    """Start a router that follows these files of ``tmp_path/logs`` into ``out.txt``."""
    (tmp_path / "logs").mkdir()

    def started(pattern: str) -> Any:
        made = router(CONFIG.format(dir=tmp_path, path=f"{tmp_path}/logs/{pattern}"), listening=0)
        made.wait_for("following")
        return made

    return started


def delivered(tmp_path: Path) -> Counter[str]:
    out = tmp_path / "out.txt"
    return Counter(out.read_text().splitlines()) if out.exists() else Counter()


def at_least(tmp_path: Path, count: int) -> Callable[[], bool]:
    return lambda: len(delivered(tmp_path)) >= count


def rotate(path: Path) -> None:
    """As logrotate: each file one further, and a new one."""
    for number in range(50, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    path.rename(path.with_name(f"{path.name}.1"))
    path.touch()


def test_nothing_is_lost_by_rotation_and_sudden_death(follow: Any, tmp_path: Path, wait: Any) -> None:
    path = tmp_path / "logs" / "app.log"
    chance = random.Random(7)
    wanted = 0
    one = follow("app.log*")
    writer = path.open("a")
    for turn in range(60):
        for _ in range(chance.randrange(200)):
            writer.write(f"line {wanted:06d}\n")
            wanted += 1
        writer.flush()
        if turn % 4 == 1:
            rotate(path)  # the writer goes on in the old file for a while
        if turn % 4 == 2:
            writer.close()
            writer = path.open("a")
        if turn % 6 == 5:
            wait(at_least(tmp_path, chance.randrange(wanted)))
            one.end(signal.SIGKILL)
            one = follow("app.log*")
    writer.close()
    wait(at_least(tmp_path, wanted))
    assert one.end() == 0
    lines = delivered(tmp_path)
    assert set(lines) == {f"line {number:06d}" for number in range(wanted)}


def test_lines_of_a_file_that_was_rotated_while_no_router_was_there(follow: Any, tmp_path: Path, wait: Any) -> None:
    path = tmp_path / "logs" / "app.log"
    path.write_text("one\n")
    one = follow("app.log")
    wait(at_least(tmp_path, 1))
    assert one.end() == 0
    with path.open("a") as stream:
        stream.write("two\nthree, without an end")
    rotate(path)
    rotate(path)
    path.write_text("four\n")
    one = follow("app.log")
    wait(at_least(tmp_path, 4))
    assert one.end() == 0
    assert delivered(tmp_path) == Counter(["one", "two", "three, without an end", "four"])


def test_a_writer_whose_file_is_truncated(follow: Any, tmp_path: Path, wait: Any) -> None:
    path = tmp_path / "logs" / "app.log"
    appending, placed = path.open("a"), (path.parent / "other.log").open("w")
    one = follow("*.log")
    wanted = 0
    for turn in range(5):
        for writer, name in ((appending, "appending"), (placed, "placed")):
            for number in range(100 * (turn + 1)):
                writer.write(f"{name} {turn} {number}\n")
                wanted += 1
            writer.flush()
        wait(at_least(tmp_path, wanted))
        for writer in (appending, placed):
            os.truncate(writer.name, 0)  # one that does not append leaves zeros where it was
    assert one.end() == 0
    assert set(delivered(tmp_path).values()) == {1}
