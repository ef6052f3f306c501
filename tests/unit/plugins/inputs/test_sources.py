"""Inputs that nobody connects to: stdin, random, head, health, exec."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.parser import Parser, logfmt_fields
from outrider.model.errors import UserError
from outrider.net.descriptor import DescriptorReader
from outrider.plugins.inputs.stdin import plugin as stdin
from outrider.plugins.inputs.stdin.records import Records

FAST = {"interval_sec": 0, "interval_nsec": 1_000_000}


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    monkeypatch.setattr(stdin, "STDIN", reading)
    yield reading, writing
    os.close(reading)


async def test_standard_input_to_its_end(make: Any, intake_of: Any, pipe: tuple[int, int]) -> None:
    plugin = make("input", "stdin", tag="s")
    intake = intake_of(plugin)
    await plugin.start(intake)
    os.write(pipe[1], b'{"a":1}\n[1.5,{"b":2}]\n[9]\ngarb')
    await intake.until(lambda intake: intake.refused)
    intake.pause()
    os.write(pipe[1], b'age\n{"c":3}\n{"d"')
    os.close(pipe[1])
    await asyncio.sleep(0)
    assert len(intake.records) == 2
    intake.resume()
    await intake.until(lambda intake: intake.ended)
    await plugin.stop()
    assert intake.records == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert [time for batch in intake.batches for time in batch.times][1] == 1_500_000_000
    assert [reason for _, _, reason in intake.refused] == [
        "JSON that is no record",
        "not JSON",
        "end of the input inside a record",
    ]


@pytest.mark.parametrize(
    ("options", "records", "refused"),
    [({"parser": "logfmt"}, [{"a": "1"}, {"b": "2"}], []), ({}, [], ["not JSON", "end of the input inside a record"])],
)
async def test_what_has_come_of_standard_input_at_the_stop(
    make: Any, intake_of: Any, pipe: tuple[int, int], options: Any, records: Any, refused: Any
) -> None:
    plugin = make("input", "stdin", **options)
    intake = intake_of(plugin)
    await plugin.start(intake)
    os.write(pipe[1], b"a=1\nb=2" if options else b'garbage\n{"b":')
    await plugin.stop()
    os.close(pipe[1])
    assert intake.records == records
    assert [reason for _, _, reason in intake.refused] == refused


async def test_standard_input_may_be_a_file(
    make: Any, intake_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_text("a=1\n\nb=2")
    with (tmp_path / "x").open() as file:
        monkeypatch.setattr(stdin, "STDIN", file.fileno())
        plugin = make("input", "stdin", parser="logfmt")
        intake = intake_of(plugin)
        await plugin.start(intake)
        await intake.until(lambda intake: intake.ended)
        await plugin.stop()
    assert intake.records == [{"a": "1"}, {"b": "2"}]


@given(st.binary(max_size=60), st.integers(0, 60), st.booleans())
def test_any_input_in_any_split(data: bytes, cut: int, with_parser: bool) -> None:
    def read(*parts: bytes) -> tuple[list[Any], list[str]]:
        records = Records(Parser("l", logfmt_fields()) if with_parser else None, 1000)
        found: list[Any] = []
        faults: list[str] = []
        for _, some, wrong in [*(records.feed(part, 7) for part in parts), records.end(7)]:
            found += some
            faults += wrong
        return found, sorted(faults)

    assert read(data[:cut], data[cut:]) == read(data)


def test_a_file_that_is_paused_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x" * 200_000)

    async def main() -> None:
        taken: list[bytes] = []
        ended = asyncio.Event()
        with (tmp_path / "x").open("rb") as file:
            reader = DescriptorReader(file.fileno(), taken.append, ended.set)
            reader.pause()
            await asyncio.sleep(0.01)
            assert taken == []
            reader.resume()
            reader.resume()
            await asyncio.wait_for(ended.wait(), 5)
            assert len(b"".join(taken)) == 200_000

    asyncio.run(main())


async def test_random(make: Any, intake_of: Any) -> None:
    plugin = make("input", "random", samples=3, **FAST)
    intake = intake_of(plugin)
    await plugin.start(intake)
    await intake.until(lambda intake: len(intake.records) == 3 and plugin._ticker._timer is None)
    await plugin.stop()
    assert len({record["rand_value"] for record in intake.records}) == 3
    assert all(0 <= record["rand_value"] < 1 << 64 for record in intake.records)


@pytest.mark.parametrize(
    ("options", "record"),
    [
        ({}, {"head": "one\ntwo\nthr"}),
        ({"lines": 2, "key": "k"}, {"k": "one\ntwo"}),
        ({"lines": 2, "split_line": "on", "add_path": "on"}, {"line0": "one", "line1": "two", "path": "?"}),
    ],
)
async def test_head(make: Any, intake_of: Any, tmp_path: Path, options: Any, record: Any) -> None:
    (tmp_path / "x").write_text("one\ntwo\nthree\n")
    plugin = make("input", "head", file=tmp_path / "x", buf_size=11, **options, **FAST)
    intake = intake_of(plugin)
    await plugin.start(intake)
    await intake.until(lambda intake: intake.records)
    (tmp_path / "x").unlink()
    await intake.until(lambda _: "cannot read" in plugin.logged())
    await plugin.stop()
    if "path" in record:
        record = {**record, "path": str(tmp_path / "x")}
    assert intake.records[0] == record


async def test_health(make: Any, intake_of: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        plugin = make("input", "health", host="127.0.0.1", port=port, add_host="on", add_port="on", **FAST)
        intake = intake_of(plugin)
        await plugin.start(intake)
        await intake.until(lambda intake: intake.records)
    await intake.until(lambda intake: not intake.records[-1]["alive"])
    await plugin.stop()
    assert intake.records[0] == {"alive": True, "hostname": "127.0.0.1", "port": port}
    assert intake.records[-1] == {"alive": False, "hostname": "127.0.0.1", "port": port, "error": 111}


async def test_a_command_again_and_again(make: Any, intake_of: Any) -> None:
    plugin = make("input", "exec", command="echo a=1; echo no; printf last", **FAST)
    intake = intake_of(plugin)
    await plugin.start(intake)
    await intake.until(lambda intake: len(intake.records) >= 6)
    await plugin.stop()
    assert intake.records[:6] == [{"exec": "a=1"}, {"exec": "no"}, {"exec": "last"}] * 2


async def test_a_command_once(make: Any, intake_of: Any) -> None:
    command = "echo a=1; head -c 5000 /dev/zero | tr '\\0' x; echo; echo b=2; exit 3"
    plugin = make("input", "exec", command=command, exit_after_oneshot="on", parser="logfmt")
    intake = intake_of(plugin)
    await plugin.start(intake)
    await intake.until(lambda intake: intake.ended)
    await plugin.stop()
    assert intake.records == [{"a": "1"}, {"b": "2"}]
    assert intake.refused == [("exec.0", 1, "line longer than Buf_Size")]
    assert "ended with status 3" in plugin.logged()


async def test_a_command_that_does_not_end_is_ended(make: Any, intake_of: Any) -> None:
    plugin = make("input", "exec", command="printf 'started\\nlast'; sleep 1000", oneshot="on")
    intake = intake_of(plugin)
    await plugin.start(intake)
    await intake.until(lambda intake: intake.records)
    await plugin.stop()
    assert plugin._process is None
    assert intake.records == [{"exec": "started"}, {"exec": "last"}]
    assert "ended with status" not in plugin.logged()


async def test_a_command_may_go_on_behind_its_output(make: Any, intake_of: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    command = f"echo one; exec >&-; read line < {tmp_path}/gate; exit 4"
    plugin = make("input", "exec", command=command, exit_after_oneshot="on")
    intake = intake_of(plugin)
    await plugin.start(intake)
    await intake.until(lambda intake: plugin._reader is None)
    assert not intake.ended
    descriptor = os.open(tmp_path / "gate", os.O_RDWR)
    os.write(descriptor, b"go\n")
    await intake.until(lambda intake: intake.ended)
    os.close(descriptor)
    await plugin.stop()
    assert intake.records == [{"exec": "one"}]
    assert "ended with status 4" in plugin.logged()


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("random", {"interval_sec": "0"}, "both 0"),
        ("head", {}, "file is missing"),
        ("head", {"file": "x", "interval_sec": "0"}, "both 0"),
        ("health", {}, "Host and Port"),
        ("health", {"host": "x", "port": 1, "interval_sec": "0"}, "both 0"),
        ("exec", {}, "command is missing"),
        ("exec", {"command": "x", "propagate_exit_code": "on"}, "not supported"),
        ("exec", {"command": "x", "interval_sec": "0"}, "both 0"),
        ("stdin", {"parser": "nothing"}, "not known"),
    ],
)
def test_options_that_cannot_be(make: Any, name: str, options: Any, text: str) -> None:
    with pytest.raises(UserError, match=text):
        make("input", name, **options)
