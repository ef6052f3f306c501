"""The file output: forms, names that stay in their directory, rotation, full disks."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import msgpack
import pytest

from outrider.model.errors import LocalError, UserError
from outrider.plugins.outputs.file.format import file_name

RECORD = {"log": "a,b", "message": "hi", "n": 1}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 'app: [1700000000.123456789, {"log":"a,b","message":"hi","n":1}]\n'),
        ({"format": "plain"}, '{"log":"a,b","message":"hi","n":1}\n'),
        ({"format": "csv"}, '1700000000.123456789,"a,b","hi",1\n'),
        ({"format": "csv", "delimiter": "tab"}, '1700000000.123456789\t"a,b"\t"hi"\t1\n'),
        ({"format": "csv", "delimiter": "space"}, '1700000000.123456789 "a,b" "hi" 1\n'),
        ({"format": "ltsv"}, '"time":1700000000.123457\t"log":"a,b"\t"message":"hi"\t"n":1\n'),
        (
            {"format": "ltsv", "label_delimiter": "=", "delimiter": "comma"},
            '"time"=1700000000.123457,"log"="a,b","message"="hi","n"=1\n',
        ),
        ({"format": "template"}, "1700000000.123457 hi\n"),
        ({"format": "template", "template": "<{n}> {message} {none}"}, "<1> hi {none}\n"),
    ],
)
async def test_forms(make: Any, batch: Any, tmp_path: Path, options: dict[str, Any], expected: str) -> None:
    plugin = make("output", "file", path=tmp_path, **options)
    delivery = await plugin.send(batch(RECORD))
    assert (delivery.delivered, delivery.dropped, len(delivery.rest)) == (1, 0, 0)
    assert (tmp_path / "app").read_text() == expected


async def test_msgpack(make: Any, batch: Any, tmp_path: Path) -> None:
    await make("output", "file", path=tmp_path, format="msgpack").send(batch(RECORD, {"odd": "\udcff"}))
    found = list(msgpack.Unpacker(open(tmp_path / "app", "rb"), unicode_errors="surrogateescape"))  # noqa: ASYNC230, SIM115
    assert [record for _, record in found] == [RECORD, {"odd": "\udcff"}]
    assert found[0][0].data == (1_700_000_000).to_bytes(4, "big") + (123_456_789).to_bytes(4, "big")


async def test_batches_are_appended_to_one_file(make: Any, batch: Any, tmp_path: Path) -> None:
    plugin = make("output", "file", path=tmp_path / "new", file="all.log", mkdir="on", format="plain")
    for n in range(3):
        await plugin.send(batch({"n": n}, tag=f"tag{n}"))
    assert (tmp_path / "new" / "all.log").read_text() == '{"n":0}\n{"n":1}\n{"n":2}\n'


async def test_column_names_stand_once_in_front(make: Any, batch: Any, tmp_path: Path) -> None:
    plugin = make("output", "file", path=tmp_path, format="csv", csv_column_names="on")
    for n in range(2):
        await plugin.send(batch({"a": n, "b": n}))
    first, *rest = (tmp_path / "app").read_text().splitlines()
    assert first == 'timestamp,"a","b"'
    assert len(rest) == 2


@pytest.mark.parametrize(
    "tag", ["../../etc/passwd", "/etc/passwd", "..", ".", "", "a/../../b", "nul\0", "\udcff", "é" * 300, "x" * 5000]
)
async def test_no_tag_leaves_the_directory(make: Any, batch: Any, tmp_path: Path, tag: str) -> None:
    directory = tmp_path / "logs"
    directory.mkdir()
    await make("output", "file", path=directory, format="plain").send(batch({"a": 1}, tag=tag))
    (written,) = directory.iterdir()
    assert written.read_text() == '{"a":1}\n'
    assert os.listdir(tmp_path) == ["logs"]


def test_names_that_need_no_change() -> None:
    assert file_name("app.web-1") == "app.web-1"
    assert file_name("service/app") == "service_app"


@pytest.mark.parametrize("packed", [True, False])
async def test_rotation(make: Any, batch: Any, tmp_path: Path, packed: bool) -> None:
    options = {"rotate": "on", "rotate_max_size": 10, "rotate_max_files": 2, "rotate_gzip": "on" if packed else "off"}
    plugin = make("output", "file", path=tmp_path, format="plain", **options)
    for n in range(4):
        await plugin.send(batch({"number": n}))
    suffix = ".gz" if packed else ""
    assert sorted(os.listdir(tmp_path)) == [f"app.1{suffix}", f"app.2{suffix}"]
    newest = (tmp_path / f"app.1{suffix}").read_bytes()
    oldest = (tmp_path / f"app.2{suffix}").read_bytes()
    assert (gzip.decompress(newest) if packed else newest) == b'{"number":3}\n'
    assert (gzip.decompress(oldest) if packed else oldest) == b'{"number":2}\n'


@pytest.mark.parametrize("packed", [False, True])
async def test_a_rotation_that_fails_takes_nothing_back(make: Any, batch: Any, tmp_path: Path, packed: bool) -> None:
    options = {"rotate": "on", "rotate_max_size": 10, "rotate_max_files": 1, "rotate_gzip": "on" if packed else "off"}
    plugin = make("output", "file", path=tmp_path, file="out", format="template", template="{n}", **options)
    (tmp_path / ("out.1.gz" if packed else "out.1") / "taken").mkdir(parents=True)
    for n in range(3):
        assert (await plugin.send(batch({"n": f"record {n}"}, {"n": "x"}))).delivered == 2
    assert (tmp_path / "out").read_text() == "record 0\nx\nrecord 1\nx\nrecord 2\nx\n"
    assert "out is not rotated: " in plugin.logged()
    assert sorted(os.listdir(tmp_path)) == ["out", "out.1.gz" if packed else "out.1"]


async def test_a_small_file_is_not_rotated(make: Any, batch: Any, tmp_path: Path) -> None:
    plugin = make("output", "file", path=tmp_path, rotate="on", rotate_max_size="1M")
    await plugin.send(batch(RECORD))
    assert os.listdir(tmp_path) == ["app"]


async def test_a_directory_that_is_not_there(make: Any, batch: Any, tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="nowhere/app: No such file or directory"):
        await make("output", "file", path=tmp_path / "nowhere").send(batch(RECORD))


async def test_a_full_disk_takes_a_batch_whole_or_not(make: Any, batch: Any) -> None:
    with pytest.raises(LocalError, match="/dev/full: No space left"):
        await make("output", "file", path="/dev", file="full").send(batch(RECORD))


async def test_a_batch_that_the_disk_took_in_part_is_taken_back(
    make: Any, batch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource
    import signal

    plugin = make("output", "file", path=tmp_path, format="plain")
    await plugin.send(batch({"n": 0}))
    before = (tmp_path / "app").read_bytes()
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
    try:
        with pytest.raises(LocalError, match="the disk is full"):
            await plugin.send(batch({"pad": "x" * 100}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert (tmp_path / "app").read_bytes() == before
    await plugin.send(batch({"n": 1}))
    assert (tmp_path / "app").read_bytes() == before + b'{"n":1}\n'


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"rotate_max_files": 0}, "at least 1"),
        ({"rotate_max_size": 0}, "at least 1"),
        ({"format": "xml"}, "allowed: out_file, plain, csv, ltsv, template, msgpack"),
    ],
)
def test_what_is_refused(make: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError, match=text):
        make("output", "file", **options)
