"""Disks that refuse for a while, directories that vanish, forms of other plugins: what was acknowledged is not lost."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import LocalError, PeerError
from outrider.pipeline import delivery, passage, registry
from outrider.pipeline.chunk import Chunk
from outrider.pipeline.config.decoders import Decoders
from outrider.pipeline.config.library import Library
from outrider.pipeline.plugin import Delivery
from outrider.spool import chunkfile, disk


def config(spool: Path, *, filtered: bool = False, more: str = "", service: str = "", limit: str = "False") -> str:
    filters = "[FILTER]\n  Name steered\n  Match *\n" if filtered else ""
    output = f"[OUTPUT]\n  Name steered\n  Match *\n  Retry_Limit {limit}\n"
    return (
        f"  storage.path {spool}\n{service}[INPUT]\n  Name steered\n  storage.type filesystem\n{filters}{output}{more}"
    )


def chunks(spool: Path) -> list[Path]:
    return sorted(path for path in spool.rglob("*") if path.suffix in (chunkfile.SUFFIX, chunkfile.BROKEN))


class Reads:
    """Reading of chunk files, which fails as often as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.failures = 0
        self._number = number
        self._real = chunkfile._contents
        monkeypatch.setattr(chunkfile, "_contents", self._contents)
        monkeypatch.setattr(delivery, "READ_AGAIN", 0.001)
        monkeypatch.setattr(passage, "READ_AGAIN", 0.001)

    def _contents(self, path: Path) -> bytes:
        if self.failures:
            self.failures -= 1
            raise LocalError(f"cannot read {path}") from OSError(self._number, os.strerror(self._number))
        return self._real(path)


@pytest.mark.parametrize(
    ("number", "fix"), [(errno.EMFILE, "fix: raise the limit of open files"), (errno.EIO, "fix: look at the disk")]
)
async def test_a_chunk_that_an_output_cannot_read_now_costs_it_no_attempt(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, fix: str
) -> None:
    reads = Reads(monkeypatch, number)

    def fail(batch: Any) -> Delivery:
        reads.failures = 3
        raise PeerError("dead")

    async with pipeline(config(tmp_path / "spool", filtered=True, limit="1")) as running:
        running.output().answers = [fail]
        running.input().push("app", {"n": 1})
        await running.settled()
    assert running.output().records == [{"n": 1}]
    assert reads.failures == 0
    assert running.sent()["retried"] == 1
    assert fix in running.log.getvalue()
    assert chunks(tmp_path) == []


async def test_a_chunk_that_cannot_be_taken_up_now_is_taken_up_later(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = config(tmp_path / "spool")
    async with pipeline(text, grace=0) as running:
        running.output().gate.clear()
        running.input().push("app", {"n": 1})
    reads = Reads(monkeypatch, errno.EMFILE)
    real = passage.Passage._take_up

    def take_up(self: Any, chunk: Chunk) -> None:
        if not chunk.pieces and not told:
            reads.failures = 2
            told.append(chunk.id)
        real(self, chunk)

    told: list[str] = []
    monkeypatch.setattr(passage.Passage, "_take_up", take_up)
    async with pipeline(text) as again:
        await again.until(lambda: again.output().records == [{"n": 1}])
        await again.settled()
    assert told
    assert reads.failures == 0
    assert again.taken()["accepted"] == 1
    assert chunks(tmp_path) == []


async def test_a_chunk_that_cannot_be_read_until_the_stop_stays_in_the_spool(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(monkeypatch, errno.EIO)

    def fail(batch: Any) -> Delivery:
        reads.failures = 1_000_000
        raise PeerError("dead")

    async with pipeline(config(tmp_path / "spool"), grace=0) as running:
        running.output().answers = [fail]
        running.input().push("app", {"n": 1})
        await running.until(lambda: reads.failures)
    assert [path.suffix for path in chunks(tmp_path)] == [chunkfile.SUFFIX]


@pytest.mark.parametrize("limit", ["", "  Mem_Buf_Limit 1K\n"])
async def test_a_spool_that_vanishes_does_not_end_the_pipeline(pipeline: Any, tmp_path: Path, limit: str) -> None:
    spool = tmp_path / "spool"
    text = config(spool).replace("storage.type filesystem\n", f"storage.type filesystem\n{limit}")
    async with pipeline(text) as running:
        running.output().gate.clear()
        shutil.rmtree(spool)
        spool.write_text("in the way")
        running.input().push("app", {"n": 1})
        assert "Not a directory" in running.intake().trouble
        await running.until(lambda: "cannot make the spool" in running.intake().trouble)
        spool.unlink()
        await running.until(lambda: running.intake().trouble == "")
        assert len(chunks(spool)) == 1
        running.output().gate.set()
        await running.settled()
    assert running.output().records == [{"n": 1}]
    assert "fix: make it a directory" in running.log.getvalue()


async def test_what_fails_while_flushing_does_not_end_the_pipeline(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pipeline(config(tmp_path / "spool")) as running:
        real = running.intake().seal_all
        failed: list[bool] = []

        def seal_all() -> None:
            if not failed:
                failed.append(True)
                raise RuntimeError("odd")
            real()

        monkeypatch.setattr(running.intake(), "seal_all", seal_all)
        running.input().push("app", {"n": 1})
        await running.settled()
    assert "bug while flushing" in running.log.getvalue()
    assert running.output().records == [{"n": 1}]


async def test_what_filters_leave_reaches_the_disk_too(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{fd}"))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    service = "  storage.sync full\n  storage.keep.rejected on\n"
    async with pipeline(config(tmp_path / "spool", filtered=True, service=service)) as running:
        running.output().answers = [PeerError("dead"), PeerError("no", retry=False)]
        running.input().push("app", {"n": 1})
        await running.settled()
        (kept,) = chunks(tmp_path / "spool" / "rejected")
    assert str(tmp_path / "spool" / "steered.0") in synced[1:]
    assert any(path.endswith(".tmp") for path in synced)
    assert {str(kept.parent), str(kept.parent.parent)} <= set(synced)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, "free disk space"),
        (errno.EMFILE, "raise the limit of open files (ulimit -n)"),
        (errno.EROFS, "mount it so that it can be written"),
        (errno.EIO, "look at the disk, and at the kernel's log"),
    ],
)
def test_what_to_do_about_a_disk(number: int, text: str) -> None:
    error = LocalError("cannot write")
    error.__cause__ = OSError(number, os.strerror(number))
    assert disk.advice(error) == text
    assert disk.advice(OSError(number, "")) == text
    assert disk.advice(ValueError()) == "look at the disk, and at the kernel's log"


# -- forms of records


def test_every_form_is_in_the_table_once() -> None:
    found = [(form, name) for name in registry.PLUGINS["input"] for form in registry.plugin_class("input", name).codecs]
    assert sorted(found) == sorted(registry.CODECS.items())


def test_forms_are_found_without_their_input() -> None:
    decoders = Decoders(Library())
    for form in (*registry.CODECS, "syslog:json"):
        assert callable(decoders[form])
    for form in ("from.the.future", "syslog:gone", "forward.messages:x"):
        with pytest.raises(KeyError):
            decoders[form]


async def test_another_plugin_of_the_same_name_delivers_the_backlog(pipeline: Any, tmp_path: Path) -> None:
    directory = tmp_path / "spool" / "steered.0"
    directory.mkdir(parents=True)
    file = chunkfile.ChunkFile(directory, chunkfile.Header("1" * 32, "app", "forward.messages", 1), sync=False)
    file.append(b"\x93\xa1t\x01\x81\xa1n\x07", 1)
    file.seal()
    async with pipeline(config(tmp_path / "spool")) as running:
        await running.settled()
    assert running.output().records == [{"n": 7}]


# -- identities


@pytest.mark.parametrize("more", ["", "[OUTPUT]\n  Name steered\n  Match *\n  Retry_Limit False\n"])
async def test_what_is_left_has_an_id_of_its_own(pipeline: Any, tmp_path: Path, more: str) -> None:
    seen: list[tuple[str, int]] = []

    def noted(answer: Callable[[Any], Delivery]) -> Callable[[Any], Delivery]:
        def send(batch: Any) -> Delivery:
            seen.append((batch.id, len(batch)))
            return answer(batch)

        return send

    def one(batch: Any) -> Delivery:
        return Delivery(1, reason="slow", rest=range(1, len(batch)))

    def none(batch: Any) -> Delivery:
        raise PeerError("dead")

    async with pipeline(config(tmp_path / "spool", more=more), grace=0) as running:
        if more:
            running.output(1).gate.clear()
        running.output().answers = [noted(none), noted(one), noted(none), noted(one), noted(none)]
        running.output().always = PeerError("dead")
        running.input().push("app", {"n": 1}, {"n": 2}, {"n": 3})
        await running.until(lambda: len(seen) == 5)
    first = seen[0][0]
    assert len(first) == 32
    assert seen == [(first, 3), (first, 3), (f"{first}-2", 2), (f"{first}-2", 2), (f"{first}-3", 1)]

    def prepare(running: Any) -> None:
        running.output().answers = [noted(lambda batch: Delivery(len(batch)))]

    async with pipeline(config(tmp_path / "spool", more=more), prepare) as again:
        await again.settled()
    assert seen[5][1] == 1
    assert (seen[5][0] not in dict(seen[:5])) if more else seen[5][0] == f"{first}-3"
