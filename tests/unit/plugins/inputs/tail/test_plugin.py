"""The tail input on real files: rotation, truncation, restarts, back-pressure."""

from __future__ import annotations

import asyncio
import gzip
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import UserError

Start = Callable[..., Any]


@pytest.fixture
def start(make: Any, intake_of: Any) -> Start:
    """``async with start(path=...) as (plugin, intake)``"""

    @asynccontextmanager
    async def started(**options: Any) -> AsyncIterator[Any]:
        plugin = make("input", "tail", **options)
        intake = intake_of(plugin)
        intake.ended = asyncio.Event()
        intake.end = intake.ended.set
        await plugin.start(intake)
        try:
            yield plugin, intake
        finally:
            await plugin.stop()

    return started


def write(path: Path, text: str, mode: str = "a") -> None:
    with path.open(mode) as stream:
        stream.write(text)


def lines(intake: Any) -> list[str]:
    return [record["log"] for record in intake.records]


def has(*wanted: str) -> Callable[[Any], bool]:
    return lambda intake: lines(intake) == list(wanted)


WATCHING = pytest.mark.parametrize("inotify_watcher", ["on", "off"])


@WATCHING
async def test_what_is_there_at_the_start_and_what_comes(tmp_path: Path, start: Start, inotify_watcher: str) -> None:
    path = tmp_path / "a.log"
    write(path, "old\n")
    async with start(path=f"{tmp_path}/*.log", inotify_watcher=inotify_watcher, watcher_interval=0) as (_, intake):
        write(path, "one\ntw")
        await intake.until(has("one"))
        write(path, "o\n")
        await intake.until(has("one", "two"))
        write(tmp_path / "b.log", "three\n")
        await intake.until(has("one", "two", "three"))
    assert intake.tags == ["tail.0"] * 3


async def test_from_the_head(tmp_path: Path, start: Start) -> None:
    write(tmp_path / "a.log", "".join(f"{number}\n" for number in range(100_000)))
    async with start(path=f"{tmp_path}/*.log", read_from_head="on", tag="t.*", offset_key="at", path_key="p") as (
        _,
        intake,
    ):
        await intake.until(lambda intake: len(intake.records) == 100_000)
    assert lines(intake) == [str(number) for number in range(100_000)]
    text = (tmp_path / "a.log").read_text()
    assert all(text.startswith(record["log"] + "\n", record["at"]) for record in intake.records)
    assert set(intake.tags) == {"t" + str(tmp_path / "a.log").replace("/", ".")}


async def test_later_files_from_their_end(tmp_path: Path, start: Start) -> None:
    write(tmp_path / "x", "whole\n")
    async with start(path=f"{tmp_path}/*.log", read_newly_discovered_files_from_head="off") as (plugin, intake):
        (tmp_path / "x").rename(tmp_path / "a.log")
        await intake.until(lambda _: plugin._found.files)
        write(tmp_path / "a.log", "more\n")
        await intake.until(has("more"))


@WATCHING
async def test_rotation_by_rename(tmp_path: Path, start: Start, inotify_watcher: str) -> None:
    path = tmp_path / "a.log"
    write(path, "0\n")
    options = {"inotify_watcher": inotify_watcher, "watcher_interval": 0, "rotate_wait": 1}
    async with start(path=f"{tmp_path}/a.log*", read_from_head="on", **options) as (plugin, intake):
        await intake.until(has("0"))
        writer = path.open("a")
        path.rename(tmp_path / "a.log.1")
        write(path, "2\n")
        await intake.until(has("0", "2"))
        writer.write("1\nlast")  # by a writer that has not noticed
        writer.close()
        await intake.until(has("0", "2", "1", "last"))
        await intake.until(lambda _: len(plugin._found.files) == 1)
        write(path, "3\n")
        await intake.until(has("0", "2", "1", "last", "3"))
    assert sorted(os.path.basename(file) for file in os.listdir(tmp_path)) == ["a.log", "a.log.1"]


@WATCHING
async def test_rotation_by_copy_and_truncation(tmp_path: Path, start: Start, inotify_watcher: str) -> None:
    path = tmp_path / "a.log"
    write(path, "")
    async with start(path=path, inotify_watcher=inotify_watcher) as (_, intake):
        expected = []
        for generation in range(3):
            for number in range(3):
                write(path, f"generation {generation} line {number}\n")
                expected.append(f"generation {generation} line {number}")
                await intake.until(has(*expected))
            write(path, "", "w")


async def test_a_deleted_file_is_read_to_its_end_and_let_go(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "a.log"
    write(path, "")
    async with start(path=path, rotate_wait=0) as (plugin, intake):
        write(path, "one\n")
        path.unlink()
        await intake.until(lambda intake: lines(intake) == ["one"] and not plugin._found.files)
        write(path, "two\n")
        await intake.until(has("one", "two"))


async def test_a_symbolic_link_that_is_turned(tmp_path: Path, start: Start) -> None:
    (tmp_path / "pods").mkdir()
    (tmp_path / "logs").mkdir()
    real, link = tmp_path / "pods" / "0.log", tmp_path / "logs" / "web.log"
    write(real, "")
    link.symlink_to(real)
    async with start(path=f"{tmp_path}/logs/*.log", path_key="file") as (_, intake):
        write(real, "one\n")
        await intake.until(has("one"))
        real.rename(tmp_path / "pods" / "0.log.1")
        write(real, "two\n")
        await intake.until(has("one", "two"))
    assert {record["file"] for record in intake.records} == {str(link)}


async def test_a_restart_goes_on_where_it_stopped(tmp_path: Path, start: Start) -> None:
    path, options = tmp_path / "a.log", {"path": f"{tmp_path}/*.log", "db": tmp_path / "x.db", "read_from_head": "on"}
    write(path, "one\ntw")
    async with start(**options) as (_, intake):
        await intake.until(has("one"))
    write(path, "o\n")
    write(tmp_path / "b.log", "three\n")
    async with start(**options) as (_, intake):
        await intake.until(has("two", "three"))
    async with start(**options) as (_, intake):
        write(path, "four\n")
        await intake.until(has("four"))


async def test_a_truncation_while_nobody_was_there(tmp_path: Path, start: Start) -> None:
    path, options = tmp_path / "a.log", {"path": tmp_path / "a.log", "db": tmp_path / "x.db"}
    write(path, "")
    async with start(**options) as (_, intake):
        write(path, "first\n")
        await intake.until(has("first"))
    write(path, "other lines, and longer than before\n", "w")
    async with start(**options) as (plugin, intake):
        await intake.until(has("other lines, and longer than before"))
    assert "was truncated meanwhile" in plugin.logged()


async def test_a_rotation_while_nobody_was_there(tmp_path: Path, start: Start) -> None:
    path, options = tmp_path / "a.log", {"path": tmp_path / "a.log", "db": tmp_path / "x.db", "path_key": "file"}
    write(path, "")
    async with start(**options) as (_, intake):
        write(path, "one\n")
        await intake.until(has("one"))
    write(path, "two\n")
    path.rename(tmp_path / "a.log.1")
    write(path, "three\n")
    async with start(rotate_wait=0, read_from_head="on", **options) as (_, intake):
        await intake.until(lambda intake: sorted(lines(intake)) == ["three", "two"])
    assert {record["file"] for record in intake.records} == {str(path)}


async def test_lines_that_are_not_safe_are_read_again(tmp_path: Path, start: Start) -> None:
    path, options = tmp_path / "a.log", {"path": tmp_path / "a.log", "db": tmp_path / "x.db", "read_from_head": "on"}
    write(path, "one\n")
    async with start(**options) as (_, intake):
        intake.safe = False
        await intake.until(has("one"))
    async with start(**options) as (_, intake):
        await intake.until(has("one"))


async def test_reading_stops_while_there_is_no_room(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "a.log"
    write(path, "")
    async with start(path=path) as (plugin, intake):
        intake.full = True
        write(path, "one\n")
        await intake.until(lambda _: plugin._ready)
        assert intake.records == []
        intake.full = False
        intake.resume()
        await intake.until(has("one"))


@pytest.mark.parametrize(
    ("options", "wanted", "lost"),
    [
        ({"skip_long_lines": "on"}, ["short", "after"], [("tail.0", 1, "line longer than Buffer_Max_Size")]),
        ({"truncate_long_lines": "on"}, ["short", "x" * 98, "after"], []),
        ({}, ["short"], [("tail.0", 1, "line longer than Buffer_Max_Size, file given up")]),
    ],
)
async def test_long_lines(tmp_path: Path, start: Start, options: Any, wanted: Any, lost: Any) -> None:
    path = tmp_path / "a.log"
    write(path, "short\n" + "x" * 1000 + "\nafter\n")
    async with start(path=path, read_from_head="on", buffer_max_size=100, **options) as (plugin, intake):
        await intake.until(has(*wanted))
        if not options:
            await intake.until(lambda _: not plugin._found.files)
            assert "requires a larger buffer size" in plugin.logged()
    assert intake.refused == lost


async def test_the_end_of_every_file_is_the_end(tmp_path: Path, start: Start) -> None:
    write(tmp_path / "a.log", "one\n\ntwo")
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(b"three\nfour\n"))
    (tmp_path / "c.log.gz").write_bytes(b"this is not gzip")
    options = {"read_from_head": "on", "exit_on_eof": "on", "skip_empty_lines": "on"}
    async with start(path=f"{tmp_path}/a.log, {tmp_path}/*.gz", **options) as (plugin, intake):
        async with asyncio.timeout(10):
            await intake.ended.wait()
    assert sorted(lines(intake)) == ["four", "one", "three", "two"]
    assert "c.log.gz is not gzip" in plugin.logged()


async def test_files_that_were_rotated_away_are_told_apart(tmp_path: Path, start: Start) -> None:
    options = {"path": f"{tmp_path}/a.log", "read_from_head": "on", "db": tmp_path / "x.db"}
    write(tmp_path / "a.log", "one\n")
    async with start(**options) as (plugin, intake):
        await intake.until(has("one"))
    assert f"following 1 file of {tmp_path}/a.log\n" in plugin.logged()
    assert f"[debug] [input:tail:tail.0] {tmp_path}/a.log is followed from byte 0, tag " in plugin.logged()
    (tmp_path / "a.log").rename(tmp_path / "a.log.1")
    write(tmp_path / "a.log.1", "late\n")
    write(tmp_path / "a.log", "new\n")
    async with start(**options) as (plugin, intake):
        await intake.until(lambda intake: len(intake.records) == 2)
    assert f"following 1 file of {tmp_path}/a.log and 1 rotated away\n" in plugin.logged()


async def test_a_file_behind_links_is_read_to_its_end_after_it_was_rotated_away(tmp_path: Path, start: Start) -> None:
    """As the kubelet has them: a link to a link to the file, which is rotated in its own folder."""
    for name in ("containers", "pods", "docker"):
        (tmp_path / name).mkdir()
    (tmp_path / "pods/0.log").symlink_to(tmp_path / "docker/x.log")
    (tmp_path / "containers/a.log").symlink_to(tmp_path / "pods/0.log")
    options = {"path": f"{tmp_path}/containers/*.log", "read_from_head": "on", "db": tmp_path / "x.db"}
    write(tmp_path / "docker/x.log", "one\n")
    async with start(**options) as (_, intake):
        await intake.until(has("one"))
    write(tmp_path / "docker/x.log", "late\n")
    (tmp_path / "docker/x.log").rename(tmp_path / "docker/x.log.1")
    write(tmp_path / "docker/x.log", "new\n")
    async with start(**options) as (plugin, intake):
        await intake.until(lambda intake: len(intake.records) == 2)
    assert sorted(lines(intake)) == ["late", "new"]
    assert " and 1 rotated away\n" in plugin.logged()


async def test_ten_thousand_files_and_few_descriptors(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outrider.plugins.inputs.tail.plugin._descriptors", lambda: 100)
    for number in range(10_000):
        (tmp_path / f"{number}.log").write_text(f"{number}\n")
    before = len(os.listdir("/proc/self/fd"))
    async with start(path=f"{tmp_path}/*.log", read_from_head="on", db=tmp_path / "x.db") as (_, intake):
        await intake.until(lambda intake: len(intake.records) == 10_000)
        assert len(os.listdir("/proc/self/fd")) < before + 120
        write(tmp_path / "77.log", "more\n")
        (tmp_path / "78.log").rename(tmp_path / "78.old")
        write(tmp_path / "78.old", "late\n")
        write(tmp_path / "78.log", "new\n")
        await intake.until(lambda intake: len(intake.records) == 10_003)
    assert sorted(lines(intake)) == sorted([*map(str, range(10_000)), "more", "late", "new"])
    rows = sqlite3.connect(tmp_path / "x.db").execute("SELECT COUNT(*) FROM in_tail_files").fetchone()
    assert rows == (10_001,)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "path is missing"),
        ({"path": "x", "docker_mode": "on"}, r"multiline\.parser docker"),
        ({"path": "x", "docker_mode_parser": "json"}, r"multiline\.parser docker"),
        ({"path": "x", "multiline": "on"}, "Parser_Firstline"),
        ({"path": "x", "multiline": "on", "parser_firstline": "nothing"}, "not known"),
        ({"path": "x", "tag_regex": "("}, "tag_regex"),
        ({"path": "x", "tag": "a<b", "tag_regex": "(?<b>.)"}, "not closed"),
        ({"path": "x", "unicode.encoding": "UTF-16"}, "UTF-8"),
        ({"path": "x", "buffer_max_size": "2"}, "buffer_max_size"),
    ],
)
def test_what_cannot_work(make: Any, options: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        make("input", "tail", **options)


async def test_a_parser_makes_the_records(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "a.log"
    write(path, 'key=value n=1\n\n{"a": 1}\n')
    options = {"parser": "logfmt", "path_key": "file", "offset_key": "at", "skip_empty_lines": "on"}
    async with start(path=path, read_from_head="on", **options) as (_, intake):
        await intake.until(lambda intake: intake.records)
    assert list(intake.records[0].items()) == [("at", 0), ("file", str(path)), ("key", "value"), ("n", "1")]
    assert intake.records[1]["at"] == 15


async def test_lines_are_joined_and_stand_where_the_first_does(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "a.log"
    trace = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    f()\nValueError: no\n'
    write(path, trace + "single\n" + trace)
    options = {"multiline.parser": "go, python", "path_key": "file", "offset_key": "at"}
    async with start(path=path, read_from_head="on", **options) as (_, intake):
        await intake.until(lambda intake: len(intake.records) >= 2)
    assert [(record["log"].rstrip("\n"), record["at"]) for record in intake.records] == [
        (trace.rstrip("\n"), 0),
        ("single", len(trace)),
        (trace.rstrip("\n"), len(trace) + 7),
    ]
    assert list(intake.records[0]) == ["log", "file", "at"]


async def test_containers_by_their_runtime_s_format(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "a.log"
    write(path, "2026-11-21T09:30:01.5Z stderr P part \n2026-11-21T09:30:02Z stdout F whole\n")
    write(path, "2026-11-21T09:30:01.6Z stderr F done\n")
    async with start(path=path, read_from_head="on", **{"multiline.parser": "cri"}) as (_, intake):
        await intake.until(has("whole", "part done"))


async def test_lines_that_are_held_are_read_again_after_a_crash(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "a.log"
    write(path, 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    f()\n')
    options = {"path": path, "db": tmp_path / "x.db", "read_from_head": "on", "multiline.parser": "python"}
    async with start(**options) as (plugin, intake):
        await intake.until(lambda _: plugin._holding)
        plugin._positions.save(at_once=True)
        rows = sqlite3.connect(tmp_path / "x.db").execute("SELECT offset FROM in_tail_files").fetchall()
        assert rows == [(0,)]
        assert intake.records == []
    assert len(intake.records) == 1
    rows = sqlite3.connect(tmp_path / "x.db").execute("SELECT offset FROM in_tail_files").fetchall()
    assert rows == [(path.stat().st_size,)]


def test_parsers_that_are_not_there(make: Any) -> None:
    for key in ("parser", "multiline.parser"):
        with pytest.raises(UserError, match="'nothing' is not known"):
            make("input", "tail", path="x", **{key: "nothing"})


async def test_the_older_ways_to_join_lines(tmp_path: Path, start: Start) -> None:
    write(tmp_path / "a.log", 'before\n{"level":"x","log":"one"}\n  two\n\n  three\n{"log":"four"}\n')
    options = {"multiline": "on", "parser_firstline": "json", "path_key": "p", "offset_key": "o"}
    async with start(path=tmp_path / "a.log", read_from_head="on", **options) as (_, intake):
        await intake.until(lambda intake: len(intake.records) >= 2)
    assert [(record["log"], record["o"]) for record in intake.records] == [
        ("before", 0),
        ("one\n  two\n\n  three", 7),
        ("four", 48),
    ]
    write(tmp_path / "b.log", '{"log":"cut ","stream":"stdout"}\n{"log":"here\\n","stream":"stdout"}\n')
    async with start(path=tmp_path / "b.log", read_from_head="on", docker_mode="on", parser="docker") as (_, intake):
        await intake.until(lambda intake: intake.records)
    assert intake.records == [{"log": "cut here\n", "stream": "stdout"}]


async def test_a_damaged_database_keeps_nobody_from_starting(tmp_path: Path, start: Start) -> None:
    path, database = tmp_path / "a.log", tmp_path / "x.db"
    write(path, "one\n")
    write(database, "no database\n" * 100)
    async with start(path=path, db=database, read_from_head="on") as (plugin, intake):
        await intake.until(has("one"))
    assert "positions database" in plugin.logged()
    assert (tmp_path / "x.db.damaged").read_text().startswith("no database")
