"""The file output with names made of records: what they become, and that none leaves its directory."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outrider.model.batch import Batch
from outrider.model.errors import LocalError, UserError
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.file.config import Options
from outrider.plugins.outputs.file.names import FORGET_SECONDS, LIMIT_REACHED, MISSING_FIELD, UNSAFE, Limit, Names
from outrider.plugins.outputs.file.plugin import File

DAY = 86_400 * 10**9


def written(directory: Path) -> dict[str, str]:
    """Path below the directory to text, of every file."""
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


async def test_time_tag_and_fields(make: Any, batch: Any, tmp_path: Path) -> None:
    plugin = make(
        "output",
        "file",
        path=tmp_path / "logs" / "$TAG[0]" / "$proxy_name",
        file="file.%Y%m%d",
        enable_strftime="on",
        mkdir="on",
        format="plain",
    )
    sent = batch({"proxy_name": "p1", "n": 1}, {"proxy_name": "p2", "n": 2}, {"proxy_name": "p1", "n": 3}, tag="web.x")
    sent.times[2] += DAY
    assert (await plugin.send(sent)).delivered == 3
    assert written(tmp_path) == {
        "logs/web/p1/file.20231114": '{"proxy_name":"p1","n":1}\n',
        "logs/web/p2/file.20231114": '{"proxy_name":"p2","n":2}\n',
        "logs/web/p1/file.20231115": '{"proxy_name":"p1","n":3}\n',
    }


async def test_records_of_a_file_keep_their_order(make: Any, batch: Any, tmp_path: Path) -> None:
    plugin = make("output", "file", path=tmp_path, file="%H-$k.log", enable_strftime="on", format="plain")
    for start in (0, 6):
        await plugin.send(batch(*({"k": "ab"[n % 2], "n": n} for n in range(start, start + 6))))
    numbers = [json.loads(line)["n"] for line in (tmp_path / "22-a.log").read_text().splitlines()]
    assert numbers == [0, 2, 4, 6, 8, 10]
    assert (tmp_path / "22-b.log").read_text().count("\n") == 6


async def test_without_enable_strftime_a_percent_sign_is_one(make: Any, batch: Any, tmp_path: Path) -> None:
    await make("output", "file", path=tmp_path, file="%Y", format="plain").send(batch({"a": 1}))
    await make("output", "file", path=tmp_path, file="%Y.$a", format="plain").send(batch({"a": 1}))
    assert sorted(written(tmp_path)) == ["%Y", "%Y.1"]


async def test_a_percent_sign_in_a_field_is_one(make: Any, batch: Any, tmp_path: Path) -> None:
    plugin = make("output", "file", path=tmp_path, file="%Y.$a", enable_strftime="on")
    await plugin.send(batch({"a": "%Y"}))
    assert list(written(tmp_path)) == ["2023.%Y"]


async def test_the_tag_is_the_name_where_there_is_no_other(make: Any, batch: Any, tmp_path: Path) -> None:
    plugin = make("output", "file", path=tmp_path / "$a", mkdir="on")
    await plugin.send(batch({"a": "x/y"}, tag="../t"))
    assert list(written(tmp_path)) == ["x/y/.._t"]


async def test_each_file_begins_with_its_own_columns(make: Any, batch: Any, tmp_path: Path) -> None:
    plugin = make("output", "file", path=tmp_path, file="$k", format="csv", csv_column_names="on")
    await plugin.send(batch({"k": "a"}, {"k": "b", "n": 1}))
    heads = {name: text.splitlines()[0] for name, text in written(tmp_path).items()}
    assert heads == {"a": 'timestamp,"k"', "b": 'timestamp,"k","n"'}


@pytest.mark.parametrize(
    ("action", "delivered", "refused"), [("error", 1, [0, 2]), ("drop", 1, []), ("fallback", 3, [])]
)
async def test_a_record_without_a_file(
    make: Any, batch: Any, tmp_path: Path, action: str, delivered: int, refused: list[int]
) -> None:
    (tmp_path / "other").mkdir()
    options = {"on_missing_field": action, "fallback_path": tmp_path / "other", "fallback_file": "rest"}
    plugin = make("output", "file", path=tmp_path, file="$k", format="plain", **options)
    found = await plugin.send(batch({"n": 0}, {"k": "good"}, {"k": "../bad"}))
    assert (found.delivered, found.dropped, list(found.rest)) == (delivered, 3 - delivered, [])
    assert list(found.refused) == refused
    assert found.reason == (f"{MISSING_FIELD}; {UNSAFE}" if action != "fallback" else "")
    rest = {"other/rest": '{"n":0}\n{"k":"../bad"}\n'} if action == "fallback" else {}
    assert written(tmp_path) == {"good": '{"k":"good"}\n', **rest}


async def test_one_file_too_many(make: Any, batch: Any, tmp_path: Path) -> None:
    options = {
        "max_dynamic_files": 2,
        "on_limit_reached": "fallback",
        "fallback_path": tmp_path,
        "fallback_file": "all",
    }
    plugin = make("output", "file", path=tmp_path, file="$k.log", format="plain", **options)
    for _ in range(2):
        assert (await plugin.send(batch(*({"k": name} for name in "abca")))).delivered == 4
    sizes = {name: text.count("\n") for name, text in written(tmp_path).items()}
    assert sizes == {"a.log": 4, "b.log": 2, "all": 2}
    plugin = make("output", "file", path=tmp_path, file="$k.log", max_dynamic_files=2)
    found = await plugin.send(batch(*({"k": name} for name in "abc")))
    assert (found.delivered, found.dropped, found.reason) == (2, 1, LIMIT_REACHED)


def test_a_file_that_gets_nothing_makes_room_after_an_hour() -> None:
    limit = Limit(2)
    assert limit.admits("a", 0)
    assert limit.admits("b", 10)
    assert limit.admits("a", 20)
    assert not limit.admits("c", FORGET_SECONDS)
    assert limit.admits("c", FORGET_SECONDS + 10)
    assert not limit.admits("b", FORGET_SECONDS + 10)
    assert all(Limit(0).admits(str(n), 0) for n in range(10))


async def test_what_one_file_refuses_is_tried_again_alone(make: Any, batch: Any, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    plugin = make("output", "file", path=tmp_path / "$k", file="log", format="plain")
    assert "the directories that" in plugin.logged()
    found = await plugin.send(batch({"k": "none"}, {"k": "a"}, {"k": "none"}))
    assert (found.delivered, list(found.rest)) == (1, [0, 2])
    assert "No such file or directory" in found.reason
    assert written(tmp_path) == {"a/log": '{"k":"a"}\n'}
    with pytest.raises(LocalError, match="none/log: No such file"):
        await plugin.send(batch({"k": "none"}))


@pytest.mark.parametrize("action", ["drop", "fallback"])
async def test_a_name_that_something_else_has(make: Any, batch: Any, tmp_path: Path, action: str) -> None:
    (tmp_path / "logs" / "folder").mkdir(parents=True)
    (tmp_path / "logs" / "file").write_text("")
    options = {"on_missing_field": action, "fallback_path": tmp_path, "fallback_file": "rest", "mkdir": "on"}
    plugin = make("output", "file", path=tmp_path / "logs" / "$k", file="$n", format="plain", **options)
    found = await plugin.send(batch({"k": "file", "n": "x"}, {"k": "", "n": "folder"}, {"k": "ok", "n": "x"}))
    assert (found.delivered, found.dropped, list(found.rest)) == ((3, 0, []) if action == "fallback" else (1, 2, []))
    assert (tmp_path / "rest").exists() == (action == "fallback")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"path": "$k"}, "path '.k' needs a directory in front of its first field"),
        ({"path": "/$k"}, "needs a directory in front of its first field"),
        ({"path": "/app-$k/x"}, "needs a directory in front of its first field"),
        ({"path": "logs/$"}, "has a . at character 2 that names nothing"),
        ({"file": "$k", "on_missing_field": "fallback"}, "fallback_file must be given"),
        ({"file": "%Y", "enable_strftime": "on", "on_limit_reached": "fallback"}, "fallback_file must be given"),
        ({"on_limit_reached": "x"}, "allowed: error, drop, fallback"),
        ({"max_dynamic_files": -1}, "allowed: 0 and more"),
    ],
)
def test_what_is_refused(make: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError, match=text):
        make("output", "file", **options)


VALUES = st.one_of(
    st.sampled_from(["..", ".", "/", "../..", "/etc/passwd", "a/../../b", "\0", "x" * 300, "é" * 200, "a/" * 2200]),
    st.text(st.sampled_from("./\\a\0\n:%Y$") | st.characters(), max_size=8),
    st.none() | st.integers() | st.floats() | st.binary(max_size=3) | st.lists(st.text(max_size=2)),
)
PATHS = ["/base/$a", "/base/x$a/$b", "/base/%Y/$a", "base/$a$b", "x$a", "./$a", "/base", "/base/$TAG/$TAG[1]", "%Y$a"]


@given(
    st.sampled_from(PATHS), st.sampled_from(["", "$b", "f-$b.log", ".$a", "%H.$b"]), VALUES, VALUES, st.text(max_size=5)
)
@example("/base/$a", "", "..", "", "")
@example("x$a", "$b", "/../../etc", "x", "..")
def test_no_record_leaves_the_directory(path: str, file: str, a: Any, b: Any, tag: str) -> None:
    names = Names(Options(path=path, file=file, enable_strftime=True, max_dynamic_files=0))
    found = names.sort(Batch(tag, [1_700_000_000 * 10**9], [{"a": a, "b": b}]), 0.0)
    assert len(found.files) + len(found.without) == 1
    for made in found.files:
        base = "/base" if path.startswith("/base") else "/here/base" if path.startswith("base") else "/here"
        full = os.path.normpath(os.path.join("/here", made))
        assert full.startswith(f"{base}/")
        assert full != base
        assert "\0" not in made
        assert max(map(len, os.fsencode(made).split(b"/"))) <= 255


@pytest.mark.parametrize(
    ("dummy", "options", "dropped"),
    [
        ('{"a": "x"}', {}, {}),
        ('{"b": "x"}', {}, {MISSING_FIELD: 20}),
        ('{"a": ".."}', {"on_missing_field": "drop"}, {UNSAFE: 20}),
        ('{"a": ".."}', {"on_missing_field": "fallback"}, {}),
    ],
)
async def test_the_ledger_balances_whatever_becomes_of_records(
    run_pipeline: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dummy: str,
    options: dict[str, str],
    dropped: dict[str, int],
) -> None:
    done, seen, send = asyncio.Event(), 0, File.send

    async def counted(self: File, batch: Batch) -> Delivery:
        nonlocal seen
        found = await send(self, batch)
        seen += len(batch)
        if seen == 20:
            done.set()
        return found

    monkeypatch.setattr(File, "send", counted)
    names = {"path": tmp_path, "file": "$a", "fallback_path": tmp_path, "fallback_file": "rest", "format": "plain"}
    row = await run_pipeline("file", {**names, **options}, done.wait(), dummy=dummy, samples=20)
    assert row["dropped"] == dropped
    assert row["delivered"] == sum(text.count("\n") for text in written(tmp_path).values())
    assert row["delivered"] == 20 - sum(dropped.values())
