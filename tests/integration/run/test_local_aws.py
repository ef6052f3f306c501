"""The stand-in for AWS itself: a real moto server in a process of its own."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from outrider.model.errors import LocalError, UserError
from outrider.taskdef.run.local_aws import service as service_module
from outrider.taskdef.run.local_aws.arrived import Place, arrived
from outrider.taskdef.run.local_aws.service import Service, started
from outrider.taskdef.run.local_aws.wants import Wanted
from outrider.taskdef.run.process.child import Guard


@pytest.fixture
async def guard() -> AsyncIterator[Guard]:
    held_by = await Guard.start("/nonexistent")
    yield held_by
    await held_by.close()


def fill(service: Service) -> None:
    s3, logs = service.client("s3", "us-east-1"), service.client("logs", "eu-west-1")
    now = int(time.time() * 1000)
    for number in range(3):
        s3.put_object(Bucket="bbb", Key=f"../web/{number}", Body=f"object {number}".encode())
    for start in range(0, 15_000, 5000):
        if start == 0:
            logs.create_log_stream(logGroupName="/app/web", logStreamName="a/b")
        events = [{"timestamp": now + n, "message": f"event {n}"} for n in range(start, start + 5000)]
        logs.put_log_events(logGroupName="/app/web", logStreamName="a/b", logEvents=events)
    kinesis, firehose = service.client("kinesis", "eu-west-1"), service.client("firehose", "eu-west-1")
    kinesis.put_records(StreamName="s", Records=[{"Data": b"one", "PartitionKey": "1"}])
    firehose.put_record_batch(DeliveryStreamName="D_x", Records=[{"Data": b"two\n"}])


def written(folder: Path) -> dict[str, bytes]:
    """Contents by path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_what_is_wanted_is_there_and_what_arrives_is_written(guard: Guard, tmp_path: Path) -> None:
    things = [Wanted("bucket", "bbb", "eu-west-1"), Wanted("bucket", "bbb", "us-east-1")]
    things += [Wanted("group", "/app/web", "eu-west-1"), Wanted("stream", "s", "eu-west-1")]
    things += [Wanted("delivery stream", "D_x", "eu-west-1")]
    async with started(guard, "127.0.0.1", ["127.0.0.0/8"]) as service:
        assert await service.create(things) == []
        fill(service)
        found = await arrived(service, ["eu-west-1", "us-east-1"], tmp_path)
    size = sum(len(f"event {n}") for n in range(15_000))
    assert set(found) == {
        Place("bucket", "bbb", 3, 24),
        Place("bucket", "firehose-d-x", 1, 4),
        Place("log stream", "/app/web a/b", 15_000, size),
        Place("stream", "s", 1, 3),
    }
    files = written(tmp_path)
    assert files["s3/bbb/%2E%2E/web/2"] == b"object 2"
    assert files["kinesis/s"] == b"one\n"
    lines = files["logs/%2Fapp%2Fweb/a/b.jsonl"].decode().splitlines()
    assert [json.loads(line)["message"] for line in lines] == [f"event {n}" for n in range(15_000)]


async def test_what_cannot_be_there_is_told(guard: Guard) -> None:
    async with started(guard, "127.0.0.1", ["127.0.0.0/8"]) as service:
        (fault,) = await service.create([Wanted("bucket", "b", "us-east-1"), Wanted("group", "g", "us-east-1")])
        assert fault.startswith("the bucket 'b' cannot be created: ")
        groups = service.client("logs", "us-east-1").describe_log_groups()["logGroups"]
        assert [group["logGroupName"] for group in groups] == ["g"]


async def test_only_the_task_gets_answers(guard: Guard) -> None:
    async with (
        started(guard, "127.0.0.1", ["10.9.8.0/24"]) as service,
        aiohttp.ClientSession() as session,
        session.get(service.url) as response,
    ):
        assert (response.status, await response.text()) == (403, "this stand-in for AWS is a task's own\n")


async def test_the_door_of_whoever_starts_it_is_closed_to_others(guard: Guard) -> None:
    async with started(guard, "127.0.0.1", []) as service, aiohttp.ClientSession() as session:
        own = service.client("s3", "us-east-1").meta.endpoint_url
        for headers in ({}, {"X-Outrider-Secret": "guess"}):
            async with session.get(own, headers=headers) as response:
                assert response.status == 403


@pytest.mark.parametrize("path", ["/moto-api/reset", "//moto-api/reset", "/%6doto-api/reset"])
async def test_nobody_makes_it_forget_what_has_arrived(guard: Guard, path: str) -> None:
    async with started(guard, "127.0.0.1", ["127.0.0.0/8"]) as service, aiohttp.ClientSession() as session:
        await service.create([Wanted("bucket", "bbb", "us-east-1")])
        async with session.post(URL(service.url + path, encoded=True)) as response:
            assert response.status == 403
        assert await arrived(service, ["us-east-1"], None) == [Place("bucket", "bbb", 0, 0)]


async def test_whoever_starts_it_gets_answers_all_the_same(guard: Guard) -> None:
    async with started(guard, "127.0.0.1", ["10.9.8.0/24"]) as service:
        assert await service.create([Wanted("bucket", "bbb", "us-east-1")]) == []
        assert await arrived(service, ["us-east-1"], None) == [Place("bucket", "bbb", 0, 0)]


async def test_one_that_cannot_listen_is_quoted(guard: Guard) -> None:
    with pytest.raises(LocalError, match=r"the stand-in for AWS has ended: [\s\S]*assign"):
        async with started(guard, "198.51.100.1", []):
            pass


async def test_without_moto_there_is_none(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="--local-aws needs moto's server") as caught:
        async with started(guard, "127.0.0.1", []):
            pass
    assert "'.[local]'" in str(caught.value)


async def test_one_that_is_gone_tells_nothing(guard: Guard) -> None:
    async with started(guard, "127.0.0.1", ["127.0.0.0/8"]) as service:
        pass
    with pytest.raises(LocalError, match="the stand-in for AWS does not tell what has arrived: "):
        await arrived(service, ["us-east-1"], None)
