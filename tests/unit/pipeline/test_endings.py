"""What must hold at the edges: last words of open connections, files that cannot go, filters that misbehave."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import io
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest

from outrider.model.batch import Batch
from outrider.model.errors import LocalError
from outrider.pipeline import intake, options, registry
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.rejected import DeadLetters
from outrider.spool import chunkfile

ONE = "[INPUT]\n  Name steered\n[OUTPUT]\n  Name steered\n  Match *\n"


async def test_a_last_line_without_its_end_is_delivered_at_the_stop(built: Any) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = f"{folder}/s"
        text = f"[INPUT]\n  Name syslog\n  Mode unix_tcp\n  Path {path}\n[OUTPUT]\n  Name steered\n  Match *\n"
        running = built(text)
        async with asyncio.TaskGroup() as group:
            group.create_task(running.engine.run())
            await running.until(Path(path).exists)
            with socket.socket(socket.AF_UNIX) as sender:
                sender.connect(path)
                sender.sendall(b"whole line\nlast words")
                await running.until(lambda: running.sent()["delivered"] == 1)
                running.engine.stop()
                await running.until(lambda: running.output().stopped)
    assert [record["message"] for record in running.output().records] == ["whole line", "last words"]
    assert running.taken("syslog.0")["waiting"] == 0
    assert running.engine.ledger.faults() == []


async def test_unfinished_records_of_all_connections_are_bounded(built: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "UNFINISHED_MAX", 1000)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = f"{folder}/s"
        text = f"[INPUT]\n  Name syslog\n  Mode unix_tcp\n  Path {path}\n[OUTPUT]\n  Name steered\n  Match *\n"
        running = built(text)
        async with asyncio.TaskGroup() as group:
            group.create_task(running.engine.run())
            await running.until(Path(path).exists)
            first = await asyncio.open_unix_connection(path)
            first[1].write(b"x" * 600)
            second = await asyncio.open_unix_connection(path)
            second[1].write(b"y" * 600)
            assert await second[0].read() == b""
            first[1].write(b" whole\n")
            await running.until(lambda: running.sent()["delivered"] == 2)
            running.engine.stop()
    assert sorted(record["message"][-5:] for record in running.output().records) == ["whole", "yyyyy"]
    assert "too many unfinished records" in running.log.getvalue()
    assert running.intake()._unfinished == 0


async def test_a_file_that_cannot_be_deleted_ends_nothing(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise LocalError(f"cannot delete {path}: Read-only file system")

    monkeypatch.setattr(chunkfile, "delete", refuse)
    text = f"[SERVICE]\n  storage.path {tmp_path}/spool\n" + ONE.replace(
        "steered\n", "steered\n  storage.type filesystem\n", 1
    )
    async with pipeline(text) as running:
        for n in range(3):
            running.input().push("app", {"n": n})
            await running.settled()
    assert [record["n"] for record in running.output().records] == [0, 1, 2]
    assert "Read-only file system; after a restart its records are delivered a second time" in running.log.getvalue()


async def test_without_memory_fallback_a_full_disk_stops_the_input_until_there_is_room(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"[SERVICE]\n  storage.path {tmp_path}/spool\n" + ONE.replace(
        "steered\n", "steered\n  storage.type filesystem\n  storage.memory_fallback off\n", 1
    )
    async with pipeline(text) as running:
        running.output().gate.clear()
        with monkeypatch.context() as full:
            full.setattr(chunkfile, "_write_all", no_room)
            running.input().push("app", {"n": 0})
            assert running.intake().full
            assert "senders wait until there is room; fix: free disk space" in running.log.getvalue()
            await asyncio.sleep(0.03)
            assert running.intake().full
        await running.until(lambda: not running.intake().full)
        assert len(list((tmp_path / "spool").rglob("*.chunk"))) == 1
        running.output().gate.set()
        running.input().push("app", {"n": 1})
        await running.settled()
    assert [record["n"] for record in running.output().records] == [0, 1]
    assert running.input().calls == ["pause", "resume"]
    assert list((tmp_path / "spool").rglob("*.*")) == [tmp_path / "spool/steered.0"]


def no_room(fd: int, data: bytes) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("column", ["records", "times", "metadata"])
async def test_a_filter_that_adds_records_or_bends_one_column_loses_its_batch_and_says_so(
    pipeline: Any, column: str
) -> None:
    async with pipeline(ONE + "[FILTER]\n  Name steered\n  Match *\n  Alias odd\n") as running:

        def odd(batch: Batch) -> None:
            batch.metadata = [{}, {}]
            getattr(batch, column).append(0 if column == "times" else {})

        running.filter().action = odd
        running.input().push("app", {"n": 1}, {"n": 2})
        await running.until(lambda: running.taken()["waiting"] == 0)
    assert running.taken()["dropped"] == {"filter odd": 2}
    assert "bug in filter odd: it must not add records" in running.log.getvalue()


@pytest.mark.parametrize("drops", [False, True])
async def test_what_becomes_of_records_that_a_filter_fails_on(pipeline: Any, drops: bool) -> None:
    def prepare(running: Any) -> None:
        running.filter().drops_on_bug = drops

    async with pipeline(ONE + "[FILTER]\n  Name steered\n  Match *\n  Alias redacts\n", prepare) as running:

        def fail(batch: Batch) -> None:
            batch.records[0]["n"] = "***"
            raise RuntimeError("odd")

        running.filter().action = fail
        running.input().push("app", {"n": 1}, {"n": 2})
        await running.settled()
    assert running.output().records == ([] if drops else [{"n": "***"}, {"n": 2}])
    assert running.taken()["dropped"] == ({"filter redacts": 2} if drops else {})
    assert "bug in filter redacts: Traceback" in running.log.getvalue()


async def test_an_outputs_own_filters_take_records_that_are_nested_deeply(pipeline: Any) -> None:
    deep: Any = 1
    for _ in range(700):
        deep = [deep]

    def prepare(running: Any) -> None:
        running.engine.outputs[0].processors = [running.engine.filters[0]]

    text = ONE + "[FILTER]\n  Name record_modifier\n  Match none\n  Record a b\n"
    async with pipeline(text, prepare) as running:
        running.input().push("app", {"n": 1}, {"deep": deep})
        await running.settled()
    assert running.output().records == [{"n": 1, "a": "b"}, {"deep": deep, "a": "b"}]


async def test_an_output_that_cannot_start_leaves_nothing_open(built: Any) -> None:
    running = built(ONE + "[OUTPUT]\n  Name steered\n  Match *\n")

    async def refuse() -> None:
        raise LocalError("no room")

    running.output(1).start = refuse
    with pytest.raises(LocalError, match="no room"):
        await running.engine.run()
    assert running.output(0).stopped


async def test_records_that_match_no_output_are_told_once(pipeline: Any) -> None:
    async with pipeline(ONE.replace("Match *", "Match app")) as running:
        for n in range(5):
            running.input().push("other", {"n": n})
            await running.until(lambda: running.taken()["waiting"] == 0)
    assert running.taken()["dropped"] == {"no output matches the tag": 5}
    assert running.log.getvalue().count("records with the tag other match no output") == 1


async def test_where_filters_have_moved_all_records_none_is_missed(pipeline: Any) -> None:
    rule = "[FILTER]\n  Name rewrite_tag\n  Match old\n  Rule $n .* app false\n"
    async with pipeline(ONE.replace("Match *", "Match app") + rule) as running:
        running.input().push("old", {"n": "1"})
        await running.settled()
    assert running.output().records == [{"n": "1"}]
    assert all(row["dropped"] == {} for row in running.sheet["inputs"].values())
    assert "match no output" not in running.log.getvalue()


def test_dead_letters_may_be_moved_away_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("1", "2"):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / f"{name}{chunkfile.SUFFIX}").write_text("12345")
    real = Path.stat

    def stat(path: Path, **options: Any) -> Any:
        if path.stem == "1":
            path.unlink()
        return real(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    assert DeadLetters(tmp_path, 0, ["out"], Log(Sink(io.StringIO()), "test")).size == 5


@pytest.mark.parametrize("kind", registry.KINDS)
def test_no_option_that_holds_a_secret_is_printed(kind: str) -> None:
    cores = {"input": options.InputCore, "filter": options.FilterCore, "output": options.OutputCore}
    for name in registry.PLUGINS[kind]:
        for declared in (registry.plugin_class(kind, name).Options, cores[kind]):
            fields = {field.name: field for field in dataclasses.fields(declared)}
            for entry in options.declared(declared).values():
                if entry.kind is options.Secret or entry.key == "security.users":
                    assert not fields[entry.field].repr, f"{kind} {name}: {entry.key}"
