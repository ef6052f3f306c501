from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outrider.model.batch import Batch
from outrider.model.errors import LocalError, UserError

DAY = 1_700_000_000_000_000_000


def batch(*logs: str, tag: str = "app", **more: Any) -> Batch:
    return Batch(tag, [DAY + n for n in range(len(logs))], [{"log": log, **more} for log in logs])


def noise(size: int) -> str:
    """Text that does not compress."""
    return os.urandom(size // 2).hex()


def store_of(tmp_path: Path) -> Path:
    return tmp_path / "store" / "bucket" / "s3.0"


def names(directory: Path, pattern: str = "*.data") -> list[str]:
    return sorted(path.name for path in directory.glob(pattern))


async def idle(plugin: Any) -> None:
    """Wait until nothing is queued."""
    async with asyncio.timeout(30):
        while plugin._lanes:
            plugin._idle.clear()
            await plugin._idle.wait()


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
async def test_what_is_old_becomes_one_object_a_tag(running: Any, s3: Any, tmp_path: Path, compression: str) -> None:
    plugin = await running(
        compression=compression, content_type="text/x", canned_acl="private", storage_class="GLACIER"
    )
    for part in (batch("a", "b"), batch("c"), batch("x", tag="other")):
        assert (await plugin.send(part)).delivered == len(part)
    assert plugin.waiting() == {"files": 2, "records": 4, "bytes": plugin.store.used, "uploads": 0}
    plugin._look(time.time())
    assert not plugin._lanes
    plugin._look(time.time() + 601)
    await idle(plugin)
    assert sorted(key.split("/")[0] for key in s3.objects) == ["app", "other"]
    lines = [json.loads(line) for line in s3.lines()]
    assert lines[0] == {"date": "2023-11-14T22:13:20.000000Z", "log": "a"}
    assert [line["log"] for line in lines] == ["a", "b", "c", "x"]
    headers = next(iter(s3.objects.values())).headers
    assert headers["content-type"] == "text/x"
    assert headers.get("content-encoding", "none") == compression
    assert (headers["x-amz-acl"], headers["x-amz-storage-class"]) == ("private", "GLACIER")
    assert names(store_of(tmp_path)) == []
    assert plugin.store.used == 0


async def test_a_full_file_goes_at_once_with_the_batch_that_filled_it(running: Any, s3: Any) -> None:
    plugin = await running(total_file_size="1M", use_put_object="on")
    await plugin.send(batch(noise(600_000)))
    await plugin.send(batch(noise(600_000)))
    await idle(plugin)
    assert len(s3.lines()) == 2
    assert len(s3.objects) == 1


async def test_keys_follow_the_format_and_the_index_goes_on_after_a_restart(running: Any, s3: Any) -> None:
    options = {"s3_key_format": "/$TAG[1]/%Y/$INDEX", "s3_key_format_tag_delimiters": "-"}
    for _ in range(2):
        plugin = await running(**options)
        await plugin.send(batch("a", tag="x-y"))
        await plugin.stop()
    assert sorted(s3.objects) == ["y/2023/0", "y/2023/1"]


async def test_the_index_of_fluent_bit_goes_on(running: Any, s3: Any, tmp_path: Path) -> None:
    old = tmp_path / "store" / "bucket" / "sequence" / "index_metadata"
    old.mkdir(parents=True)
    (old / "seq_index_0").write_text("41")
    plugin = await running(s3_key_format="/$INDEX")
    await plugin.send(batch("a"))
    await plugin.stop()
    assert list(s3.objects) == ["41"]


async def test_content_md5_is_right(running: Any, s3: Any) -> None:
    plugin = await running(send_content_md5="on", compression="gzip")
    await plugin.send(batch("a"))
    await plugin.stop()
    assert "content-md5" in s3.requests[-1][2]
    assert len(s3.objects) == 1


async def test_static_paths_get_no_random_end(running: Any, s3: Any) -> None:
    plugin = await running(s3_key_format="/logs/$TAG.txt", static_file_path="on", log_key="log")
    delivery = await plugin.send(Batch("app", [DAY, DAY, DAY], [{"log": "x"}, {"no": 1}, {"log": {"a": 1}}]))
    assert (delivery.delivered, delivery.dropped) == (2, 1)
    assert "log_key 'log'" in delivery.reason
    await plugin.stop()
    assert {key: stored.body for key, stored in s3.objects.items()} == {"logs/app.txt": b'x\n{"a":1}\n'}


async def test_parts_are_put_together_at_the_total_size(running: Any, s3: Any) -> None:
    plugin = await running(total_file_size="12M")
    for letter in "abcd":
        await plugin.send(batch(letter * 3_000_000))
    await idle(plugin)
    (stored,) = s3.objects.values()
    assert [line[-10:-2] for line in s3.lines()] == [letter.encode() * 8 for letter in "abcd"]
    assert len(stored.body) > 12_000_000
    assert not s3.uploads


async def test_an_old_upload_ends_with_what_there_is(running: Any, s3: Any) -> None:
    plugin = await running()
    await plugin.send(batch("a" * 3_000_000))
    await plugin.send(batch("b" * 3_000_000))
    await idle(plugin)
    assert len(s3.uploads) == 1
    await plugin.send(batch("c"))
    plugin._look(time.time() + 601)
    await idle(plugin)
    assert not s3.uploads
    assert [line[-3:-2] for line in s3.lines()] == [b"a", b"b", b"c"]
    assert len(s3.objects) == 1


async def test_an_old_upload_without_more_records_ends_too(running: Any, s3: Any) -> None:
    plugin = await running()
    await plugin.send(batch("a" * 3_000_000))
    await plugin.send(batch("b" * 3_000_000))
    await idle(plugin)
    plugin._look(time.time() + 601)
    await idle(plugin)
    assert len(s3.lines()) == 2


async def test_compressed_parts_that_are_small_are_objects_of_their_own(running: Any, s3: Any) -> None:
    plugin = await running(compression="gzip")
    await plugin.send(batch("a" * 6_000_000))
    await idle(plugin)
    assert [method for method, _, _ in s3.requests] == ["PUT"]
    assert len(s3.lines()) == 1


async def test_the_stop_ends_an_upload_with_its_last_part(running: Any, s3: Any) -> None:
    plugin = await running()
    await plugin.send(batch("a" * 6_000_000))
    await idle(plugin)
    await plugin.send(batch("b"))
    await plugin.stop()
    assert len(s3.objects) == 1
    assert [line[-3:-2] for line in s3.lines()] == [b"a", b"b"]


async def test_what_cannot_be_sent_stays_for_the_next_start(running: Any, s3: Any, tmp_path: Path) -> None:
    plugin = await running(retry_limit="false")
    s3.gate.clear()
    await plugin.send(batch("a"))
    plugin.context = type(plugin.context)(plugin.context.name, plugin.context.log, grace=0.2)
    await plugin.stop()
    assert "1 files with 1 records" in plugin.logged()
    assert len(names(store_of(tmp_path))) == 1
    s3.gate.set()
    after = await running()
    await after.send(batch("b"))
    await idle(after)
    assert "taken up" in after.logged()
    assert len(s3.objects) == 1
    await after.stop()
    assert sorted(json.loads(line)["log"] for line in s3.lines()) == ["a", "b"]
    assert names(store_of(tmp_path)) == []


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
async def test_a_file_of_a_process_that_died_is_sent_whole(
    running: Any, s3: Any, tmp_path: Path, compression: str
) -> None:
    first = await running(compression=compression, alias="s3.0")
    for letter in "abc":
        await first.send(batch(letter))
    (left,) = store_of(tmp_path).glob("*.data")
    copy = left.read_bytes() + b"torn"
    await first.stop()
    assert len(s3.lines()) == 3
    s3.objects.clear()
    left.write_bytes(copy)
    second = await running(compression=compression, alias="s3.0")
    await idle(second)
    assert [json.loads(line)["log"] for line in s3.lines()] == ["a", "b", "c"]


async def test_a_batch_that_a_dead_process_had_stored_is_not_stored_twice(
    running: Any, s3: Any, tmp_path: Path
) -> None:
    first = await running()
    for number, letter in enumerate("ab"):
        part = batch(letter)
        part.id = f"{number:032x}"
        await first.send(part)
    (left,) = store_of(tmp_path).glob("*.data")
    copy = left.read_bytes()
    await first.stop()
    s3.objects.clear()
    left.write_bytes(copy)
    second = await running()
    assert (await second.send(part)).delivered == 1
    await second.send(batch("c"))
    await second.stop()
    assert [json.loads(line)["log"] for key in s3.objects for line in s3.text(key).splitlines()] == ["a", "b", "c"]


async def test_an_object_that_was_put_but_not_deleted_is_put_again_under_its_key(
    running: Any, s3: Any, tmp_path: Path
) -> None:
    first = await running()
    await first.send(batch("a"))
    (left,) = store_of(tmp_path).glob("*.data")
    copy = left.read_bytes()
    await first.stop()
    left.write_bytes(copy)
    second = await running()
    await idle(second)
    (stored,) = s3.objects.values()
    assert stored.writes == 2
    assert len(s3.lines()) == 1


async def test_an_upload_of_a_process_that_died_goes_on(running: Any, s3: Any, tmp_path: Path) -> None:
    first = await running()
    await first.send(batch("a" * 6_000_000))
    (path,) = store_of(tmp_path).glob("*.data")
    part = path.read_bytes()
    await idle(first)
    (upload,) = store_of(tmp_path).glob("*.upload")
    state = upload.read_bytes()
    kept = dict(s3.uploads)
    await first.send(batch("b"))
    (last,) = store_of(tmp_path).glob("*.data")
    tail = last.read_bytes()
    await first.stop()
    s3.objects.clear()
    s3.uploads.update(kept)
    for name, contents in ((path, part), (upload, state), (last, tail)):
        name.write_bytes(contents)
    second = await running()
    await idle(second)
    assert [line[-3:-2] for line in s3.lines()] == [b"a", b"b"], "the part that S3 had was not sent twice"
    assert not s3.uploads
    assert sorted(path.name for path in store_of(tmp_path).iterdir()) == ["lock"]


async def test_a_completion_whose_answer_was_lost_is_no_loss(running: Any, s3: Any) -> None:
    plugin = await running(retry_limit="false")
    await plugin.send(batch("a" * 6_000_000))
    await idle(plugin)
    s3.failures.append("late")
    await plugin.stop()
    assert len(s3.lines()) == 1
    assert "is gone" not in plugin.logged()


async def test_a_completion_of_what_somebody_ended_is_an_error(running: Any, s3: Any) -> None:
    plugin = await running()
    await plugin.send(batch("a" * 6_000_000))
    await idle(plugin)
    s3.uploads.clear()
    await plugin.stop()
    assert "is gone, and with it 1 records in 1 parts" in plugin.logged()


async def test_an_upload_that_somebody_ended_is_an_error_and_the_file_goes_on(running: Any, s3: Any) -> None:
    plugin = await running()
    await plugin.send(batch("a" * 6_000_000))
    await idle(plugin)
    s3.uploads.clear()
    await plugin.send(batch("b" * 6_000_000))
    await idle(plugin)
    assert "the upload of /app/" in plugin.logged()
    assert "1 records in 1 parts" in plugin.logged()
    await plugin.stop()
    assert [line[-3:-2] for line in s3.lines()] == [b"b"]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries are short."""
    monkeypatch.setattr("outrider.plugins.outputs.s3.plan.wait_bounds", lambda *_, **__: (0, 0))


@pytest.mark.usefixtures("hasty")
async def test_throttling_and_broken_answers_are_tried_again(running: Any, s3: Any, stand_in: Any) -> None:
    plugin = await running(retry_limit="false")
    slow = stand_in.RefusalError(503, "SlowDown")
    s3.failures.extend([slow, "silence", "late", stand_in.RefusalError(500, "InternalError"), slow])
    await plugin.send(batch("a"))
    plugin._look(time.time() + 601)
    await idle(plugin)
    assert len(s3.lines()) == 1
    assert "SlowDown" in plugin.logged()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("limit", ["2", "no_retries", ""])
async def test_the_retry_limit_counts_tries_and_then_the_file_is_set_aside(
    running: Any, s3: Any, tmp_path: Path, limit: str
) -> None:
    plugin = await running(bucket="wrong", retry_limit=limit)
    await plugin.send(batch("a", "b"))
    plugin._look(time.time() + 601)
    await idle(plugin)
    assert len(s3.requests) == {"2": 3, "no_retries": 1, "": 6}[limit]
    assert "NoSuchBucket" in plugin.logged()
    assert "2 records not sent" in plugin.logged()
    kept = tmp_path / "store" / "wrong" / "s3.0" / "quarantine"
    assert len(names(kept)) == 1
    assert plugin.store.used == 0
    s3.buckets.add("wrong")
    (file,) = kept.iterdir()
    await plugin.stop()
    file.rename(kept.parent / file.name)
    again = await running(bucket="wrong")
    await idle(again)
    assert len(s3.lines()) == 2, "a file that is moved back is sent"


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("options", "kept"), [({"retry_exhausted_action": "delete"}, 0), ({"quarantine_dir_limit_size": "10"}, 0)]
)
async def test_files_may_be_deleted_instead(running: Any, tmp_path: Path, options: dict[str, str], kept: int) -> None:
    plugin = await running(bucket="wrong", retry_limit="1", **options)
    await plugin.send(batch("a"))
    plugin._look(time.time() + 601)
    await idle(plugin)
    assert "; deleted," in plugin.logged()
    assert len(list((tmp_path / "store").rglob("*.data"))) == kept


@pytest.mark.usefixtures("hasty")
async def test_a_refused_key_is_renewed(running: Any, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = await running()
    await plugin._credentials.current()
    s3.keys = {"NEW": "other"}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "NEW")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    await plugin.send(batch("a"))
    await plugin.stop()
    assert len(s3.lines()) == 1
    assert "secret" not in plugin.logged()


async def test_a_full_store_refuses_and_takes_again_when_there_is_room(running: Any, s3: Any) -> None:
    plugin = await running(store_dir_limit_size="1000")
    await plugin.send(batch("x" * 600))
    with pytest.raises(LocalError, match="store_dir_limit_size"):
        await plugin.send(batch("y" * 600))
    plugin._look(time.time() + 601)
    await idle(plugin)
    await plugin.send(batch("y" * 600))
    await plugin.stop()
    assert len(s3.lines()) == 2


async def test_files_of_a_tag_keep_their_order_and_a_stuck_one_stops_no_other_tag(
    running: Any, s3: Any, stand_in: Any, until: Callable[[Callable[[], object]], Any]
) -> None:
    plugin = await running(s3_key_format="/$TAG/$INDEX", retry_limit="false", use_put_object="on")
    s3.failures.append(stand_in.RefusalError(500, "InternalError"))
    for letter in "ab":
        await plugin.send(batch(letter))
        plugin._look(time.time() + 601)
    await until(lambda: len(s3.requests) == 1)
    await plugin.send(batch("c", tag="other"))
    plugin._look(time.time() + 601)
    await idle(plugin)
    arrived = [json.loads(s3.text(key))["log"] for key in s3.objects]
    assert sorted(arrived) == ["a", "b", "c"]
    assert arrived.index("a") < arrived.index("b")


async def test_a_tag_that_is_no_file_name_and_no_utf_8(running: Any, s3: Any) -> None:
    plugin = await running(s3_key_format="/$TAG/k", static_file_path="on")
    for tag in ("../..", "a b+ü&=~*'()?#%", "\udcff", "x" * 3000):
        await plugin.send(batch("a", tag=tag))
    await plugin.stop()
    assert len(s3.objects) == 4
    assert {"../../k", "a b+ü&=~*'()?#%/k", "\N{REPLACEMENT CHARACTER}/k"} <= set(s3.objects)


async def test_a_second_process_takes_up_only_when_the_first_is_gone(running: Any, s3: Any) -> None:
    first = await running(alias="one")
    second = await running(alias="one")
    await first.send(batch("a"))
    second._take_up()
    assert not second._lanes
    await second.send(batch("b"))
    await first.stop()
    second._take_up()
    await second.stop()
    assert sorted(json.loads(line)["log"] for line in s3.lines()) == ["a", "b"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bucket": ""}, "'bucket' is a required parameter"),
        ({"bucket": "a/b"}, "no name of a bucket"),
        ({"s3_key_format": "x"}, "must start with a '/'"),
        ({"compression": "snappy"}, "not supported"),
        ({"compression": "lzma"}, "unknown compression"),
        ({"format": "parquet"}, "not supported"),
        ({"format": "xml"}, "unsupported format"),
        ({"json_date_format": "%Y"}, "invalid json_date_format"),
        ({"retry_exhausted_action": "x"}, "invalid retry_exhausted_action value"),
        ({"upload_chunk_size": "5M"}, "at least 5,242,880"),
        ({"upload_chunk_size": "60M"}, "Max upload_chunk_size is 50MB"),
        ({"upload_chunk_size": "40M", "total_file_size": "50M"}, "less than 2x"),
        ({"authorization_endpoint_url": "http://x"}, "not supported"),
        ({"endpoint": "http://a/b"}, "endpoint"),
    ],
)
async def test_what_cannot_work_is_refused(running: Any, options: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        await running(**options)


async def test_a_store_that_cannot_be_made_is_an_error_at_the_start(make: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    plugin = make("output", "s3", bucket="b", store_dir=tmp_path / "file")
    with pytest.raises(LocalError, match="cannot make the store"):
        await plugin.start()
