"""The s3 output against moto's S3, over real HTTP, read back with Amazon's own library."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.helpers import HERE, section

from outrider.model.batch import Batch
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.options import Property


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def amazon(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    client.create_bucket(Bucket="logs")
    yield client
    for item in client.list_objects_v2(Bucket="logs").get("Contents", []):
        client.delete_object(Bucket="logs", Key=item["Key"])
    client.delete_bucket(Bucket="logs")


def engine_of(endpoint: str, store: Path, records: list[str], **options: str) -> Any:
    log = Log(Sink(level=0), "test")
    inputs = [
        section(
            "input", name="dummy", samples="1", tag=f"app.{n}", flush_on_startup="on", dummy=json.dumps({"log": text})
        )
        for n, text in enumerate(records)
    ]
    output = {"name": "s3", "match": "*", "bucket": "logs", "endpoint": endpoint, "store_dir": str(store), **options}
    configuration = Configuration(
        sections=[*inputs, section("output", **output)],
        service=[Property("flush", "0.01", HERE), Property("grace", "20", HERE)],
    )
    service = build.read_service(configuration, {}, log)
    return build.engine(build.plan(configuration, service, {}, log))


async def run(engine: Any, count: int) -> None:
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        while sum(row["delivered"] for row in engine.ledger.snapshot()["outputs"].values()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        engine.stop()
    assert engine.ledger.faults() == []


async def test_objects_arrive_and_the_ledger_balances(amazon: Any, endpoint: str, tmp_path: Path) -> None:
    engine = engine_of(
        endpoint,
        tmp_path,
        ["one", "two"],
        s3_key_format="/x y/$TAG[1]/$UUID",
        compression="gzip",
        send_content_md5="on",
    )
    await run(engine, 2)
    found = {}
    for item in amazon.list_objects_v2(Bucket="logs")["Contents"]:
        answer = amazon.get_object(Bucket="logs", Key=item["Key"])
        assert answer["ContentEncoding"] == "gzip"
        found[item["Key"][:5]] = json.loads(gzip.decompress(answer["Body"].read()))["log"]
    assert found == {"x y/0": "one", "x y/1": "two"}


async def test_parts_of_five_mebibytes(amazon: Any, endpoint: str, tmp_path: Path) -> None:
    (output,) = engine_of(endpoint, tmp_path, ["start"], s3_key_format="/$TAG/$UUID", total_file_size="11M").outputs
    await output.plugin.start()
    for letter in "ab":
        await output.plugin.send(Batch("big", [10**18], [{"log": letter * 5_300_000}]))
    await output.plugin.stop()
    keys = [item["Key"] for item in amazon.list_objects_v2(Bucket="logs", Prefix="big/")["Contents"]]
    assert len(keys) == 1
    answer = amazon.get_object(Bucket="logs", Key=keys[0])
    assert [json.loads(line)["log"][0] for line in answer["Body"].read().splitlines()] == ["a", "b"]
    assert answer["ETag"].endswith('-2"')
    assert "Uploads" not in amazon.list_multipart_uploads(Bucket="logs")


async def test_a_bucket_that_is_not_there_keeps_the_records(amazon: Any, endpoint: str, tmp_path: Path) -> None:
    engine = engine_of(endpoint, tmp_path, ["one"], bucket="gone", retry_limit="no_retries")
    await run(engine, 1)
    assert len(list((tmp_path / "gone" / "s3.0").rglob("*.data"))) == 1
    amazon.create_bucket(Bucket="gone")
    again = engine_of(endpoint, tmp_path, ["two"], bucket="gone")
    await run(again, 1)
    found = amazon.list_objects_v2(Bucket="gone")["Contents"]
    for item in found:
        amazon.delete_object(Bucket="gone", Key=item["Key"])
    amazon.delete_bucket(Bucket="gone")
    assert len(found) == 2
