"""Firehose and Kinesis streams: data, limits, and what is sent again."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import Any

import pytest
import zstandard

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError

TIME = 1_700_000_000_123_456_789
STREAM = {
    "kinesis_firehose": {"delivery_stream": "d"},
    "kinesis_streams": {"stream": "d"},
    "firehose": {"delivery_stream": "d"},
    "kinesis": {"stream": "d"},
}
LIMIT = {"kinesis_firehose": 1_024_000, "kinesis_streams": 1_048_556}
EVERY = pytest.mark.parametrize("name", STREAM)
OURS = pytest.mark.parametrize("name", LIMIT)


def plugin_of(make: Any, aws: Any, name: str, **options: Any) -> Any:
    return make("output", name, region="us-east-1", endpoint=aws.endpoint, **{**STREAM[name], **options})


def of(*records: Any) -> Batch:
    return Batch("app.one", [TIME + n * 1000 for n in range(len(records))], list(records))


async def sent(make: Any, aws: Any, name: str, batch: Batch, **options: Any) -> tuple[Any, list[bytes]]:
    plugin = plugin_of(make, aws, name, **options)
    try:
        return await plugin.send(batch), [data for data, _ in aws.data]
    finally:
        await plugin.stop()


@EVERY
async def test_only_records_that_were_not_taken_are_sent_again(name: str, make: Any, aws: Any) -> None:
    end = b"" if name == "kinesis" else b"\n"
    batch = of(*({"n": n} for n in range(1_200)))
    aws.refuses = lambda data: json.loads(data)["n"] % 100 == 7
    plugin = plugin_of(make, aws, name)
    delivery = await plugin.send(batch)
    assert (delivery.delivered, delivery.dropped) == (1_188, 0)
    assert list(delivery.rest) == list(range(7, 1_200, 100))
    assert "5 of 500 not taken: HTTP 200 ServiceUnavailableException: Slow down." in delivery.reason
    assert (await plugin.send(batch.part(delivery.rest))).delivered == 12
    await plugin.stop()
    assert sorted(data for data, _ in aws.data) == sorted(b'{"n":%d}%b' % (n, end) for n in range(1_200))
    assert len(aws.calls) == 4


@EVERY
async def test_a_call_that_fails_keeps_what_others_took(name: str, make: Any, aws: Any, stand_in: Any) -> None:
    aws.failures += [None, stand_in.RefusalError("ProvisionedThroughputExceededException", "slow")]
    delivery, _ = await sent(make, aws, name, of(*({"n": n} for n in range(1_200))))
    assert delivery.delivered == 500
    assert list(delivery.rest) == list(range(500, 1_200))
    assert len(aws.calls) == 2


@EVERY
async def test_a_call_that_fails_as_a_whole_is_an_error(name: str, make: Any, aws: Any, stand_in: Any) -> None:
    aws.failures += [stand_in.RefusalError("InternalFailure", "oh", 500)]
    with pytest.raises(PeerError, match="HTTP 500 InternalFailure: oh"):
        await sent(make, aws, name, of({"n": 1}))


@OURS
async def test_large_records_stay_within_the_limits_of_a_call(name: str, make: Any, aws: Any) -> None:
    size = LIMIT[name] - len('{"a":""}') - 2
    records = [{"a": "x" * (size if n % 2 else 500_000)} for n in range(20)]
    delivery, data = await sent(make, aws, name, of(*records, {"a": "x" * (size + 1)}))
    assert (delivery.delivered, delivery.dropped, delivery.refused) == (20, 1, [20])
    assert delivery.reason == f"record of {LIMIT[name]} bytes or more"
    assert [json.loads(part) for part in data] == records


@pytest.mark.parametrize(("name", "most"), [("firehose", 1_024_000), ("kinesis", 1_048_576 - 257)])
async def test_the_go_plugins_cut_what_is_too_large(name: str, most: int, make: Any, aws: Any) -> None:
    delivery, data = await sent(make, aws, name, of({"a": "é" * 700_000}))
    assert delivery.delivered == 1
    end = b"[Truncated...]" + (b"\n" if name == "firehose" else b"")
    assert data[0].endswith(end)
    assert most - 2 <= len(data[0]) <= most


@OURS
@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("", "2023-11-14T22:13:20"),
        ("%H:%M:%S.%3N", "22:13:20.123"),
        ("%S.%9N", "20.123456789"),
        ("%S %L", "20 123456789"),
        ("%%3N", "%3N"),
    ],
)
async def test_the_time_is_the_last_member(name: str, form: str, said: str, make: Any, aws: Any) -> None:
    _, data = await sent(make, aws, name, of({"a": 1}), time_key="ts", time_key_format=form)
    assert data == [b'{"a":1,"ts":"%b"}\n' % said.encode()]


@pytest.mark.parametrize("name", ["firehose", "kinesis"])
async def test_options_of_the_go_plugins(name: str, make: Any, aws: Any) -> None:
    more = {"append_newline": "true"} if name == "kinesis" else {}
    record = {"a.b": {"c.d": "é"}, "z": 1, "x": 2}
    options = {"data_keys": "a.b, z", "replace_dots": "_", "time_key": "t", "time_key_format": "%L %f"}
    _, data = await sent(make, aws, name, of(record), **options, **more)
    assert data == ['{"a_b":{"c_d":"é"},"z":1,"t":"123 123456"}\n'.encode()]


@OURS
async def test_the_value_of_one_key(name: str, make: Any, aws: Any) -> None:
    records = [{"log": 'say "hi"'}, {"log": ""}, {"lo": "x"}, {"log": {"a": 1}}]
    delivery, data = await sent(make, aws, name, of(*records), log_key="log")
    assert data == [b'say "hi"\n', b'{"a":1}\n']
    assert (delivery.delivered, delivery.dropped) == (2, 2)
    assert delivery.reason == "log_key 'log' is not in the record; empty message"


@OURS
async def test_records_are_joined(name: str, make: Any, aws: Any) -> None:
    records = [{"n": n, "x": "x" * 1_000} for n in range(3_000)]
    delivery, data = await sent(make, aws, name, of(*records), simple_aggregation="on")
    assert delivery.delivered == 3_000
    assert len(data) == 3
    assert [json.loads(line) for part in data for line in part.splitlines()] == records


@OURS
async def test_joined_records_come_again_together(name: str, make: Any, aws: Any) -> None:
    records = [{"n": n, "x": "x" * 1_000} for n in range(3_000)]
    aws.refuses = lambda data: json.loads(data.splitlines()[0])["n"] == 0
    plugin = plugin_of(make, aws, name, simple_aggregation="on")
    batch = of(*records)
    delivery = await plugin.send(batch)
    again = len(delivery.rest)
    assert 0 < again < 3_000
    assert list(delivery.rest) == list(range(again))
    assert (await plugin.send(batch.part(delivery.rest))).delivered == again
    await plugin.stop()
    got = [json.loads(line)["n"] for data, _ in aws.data for line in data.splitlines()]
    assert sorted(got) == list(range(3_000))


UNPACK = {"gzip": gzip.decompress, "zlib": zlib.decompress, "zstd": zstandard.ZstdDecompressor().decompress}


@pytest.mark.parametrize(
    ("name", "kind"),
    [*((name, kind) for name in LIMIT for kind in ("gzip", "zstd")), ("kinesis", "zlib"), ("kinesis", "gzip")],
)
async def test_each_record_is_compressed(name: str, kind: str, make: Any, aws: Any) -> None:
    delivery, data = await sent(make, aws, name, of({"a": "x" * 2_000_000}, {"b": 1}), compression=kind)
    assert delivery.delivered == 2
    texts = [UNPACK[kind](part) for part in data]
    assert [json.loads(text) for text in texts] == [{"a": "x" * 2_000_000}, {"b": 1}]


@OURS
def test_snappy_is_refused(name: str, make: Any, aws: Any) -> None:
    with pytest.raises(UserError, match="snappy is not supported; fix: use compression gzip or zstd"):
        plugin_of(make, aws, name, compression="snappy")


@EVERY
def test_the_stream_is_required(name: str, make: Any, aws: Any) -> None:
    with pytest.raises(UserError, match="stream is required"):
        make("output", name, region="us-east-1", endpoint=aws.endpoint)


async def test_partition_keys(make: Any, aws: Any) -> None:
    records = [{"k": {"pod": "p1"}}, {"k": {"pod": "p2" * 200}}, {"k": "other"}, {}, {"k": {"pod": 5}}]
    await sent(make, aws, "kinesis", of(*records), partition_key="k->pod")
    keys = [key for _, key in aws.data]
    assert keys[:2] == ["p1", "p2" * 128]
    assert len(set(keys)) == 4


async def test_keys_spread_over_shards(make: Any, aws: Any) -> None:
    await sent(make, aws, "kinesis_streams", of(*({"n": n} for n in range(200))))
    keys = [key for _, key in aws.data]
    assert len(set(keys)) > 190
    assert len({key[:10] for key in keys}) == 1


async def test_aggregation(make: Any, aws: Any) -> None:
    records = [{"n": n, "k": f"key{n % 3}", "x": "x" * 90} for n in range(500)]
    delivery, data = await sent(make, aws, "kinesis", of(*records), aggregation="true", partition_key="k")
    assert delivery.delivered == 500
    found = [entry for part in data for entry in deaggregated(part)]
    assert [(key, json.loads(text)) for key, text in found] == [(record["k"], record) for record in records]
    assert len(data) == 3


def deaggregated(data: bytes) -> list[tuple[str, bytes]]:
    """Partition key and data of each record, read as the format's description says."""
    import hashlib

    assert data[:4] == b"\xf3\x89\x9a\xc2"
    message = data[4:-16]
    assert hashlib.md5(message).digest() == data[-16:]
    keys: list[str] = []
    found = []
    for number, value in fields(message):
        if number == 1:
            assert isinstance(value, bytes)
            keys.append(value.decode())
        else:
            inner = dict(fields(value))
            found.append((keys[inner[1]], inner[3]))
    return found


def fields(message: Any) -> list[tuple[int, Any]]:
    """Number and value of each field of a protocol buffer of varints and bytes."""
    found: list[tuple[int, Any]] = []
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = varint()
        size = varint()
        if tag & 7 == 2:
            found.append((tag >> 3, message[at : at + size]))
            at += size
        else:
            assert tag & 7 == 0
            found.append((tag >> 3, size))
    return found


@EVERY
async def test_in_a_pipeline(name: str, aws: Any, run_pipeline: Any) -> None:
    async def arrived() -> None:
        async with asyncio.timeout(20):
            while len(aws.data) < 5:  # noqa: ASYNC110 - the stand-in has threads of its own
                await asyncio.sleep(0.01)

    options = {"region": "us-east-1", "endpoint": aws.endpoint, **STREAM[name]}
    row = await run_pipeline(name, options, arrived(), samples=5)
    assert row["delivered"] == 5
