"""The kafka output: what messages are made, and their delivery to a broker that speaks the protocol."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import msgpack
import pytest
from tests.unit.plugins.outputs.kafka_broker import Broker

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.plugins.outputs.kafka.config import Options
from outrider.plugins.outputs.kafka.format import Messages
from outrider.plugins.outputs.kafka.settings import producer_settings

TIME = 1_700_000_000_123_456_789
TOO_LARGE, NOT_ENOUGH_REPLICAS = 10, 19


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    made = Broker()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


def values(options: dict[str, Any], *records: dict[str, Any]) -> list[bytes | None]:
    batch = Batch("t", [TIME] * len(records), list(records))
    return list(Messages(Options(**options)).values(batch, escape_unicode=True))


def test_values() -> None:
    assert values({}, {"a": "é"}, {"@timestamp": 1}) == [
        b'{"@timestamp":1700000000.123457,"a":"\\u00e9"}',
        b'{"@timestamp":1}',
    ]
    iso = {"timestamp_format": "iso8601", "timestamp_key": "t"}
    assert values(iso, {}) == [b'{"t":"2023-11-14T22:13:20.123456Z"}']
    packed = values({"format": "msgpack", "timestamp_format": "iso8601_ns"}, {"a": 1}, {"@timestamp": 5})
    assert [msgpack.unpackb(value) for value in packed if value] == [
        {"@timestamp": "2023-11-14T22:13:20.123456789Z", "a": 1},
        {"@timestamp": 5},
    ]
    assert msgpack.unpackb(values({"format": "msgpack"}, {})[0] or b"") == {"@timestamp": TIME / 1e9}
    raw = {"format": "raw", "raw_log_key": "log"}
    assert values(raw, {"log": "x\udcff"}, {"log": 5}, {}) == [b"x\xff", None, None]
    gelf = values({"format": "gelf", "gelf_short_message_key": "log"}, {"log": "m"}, {"x": 1})
    assert gelf == [b'{"version":"1.1","short_message":"m","timestamp":1700000000.123}', None]


def test_topics_and_keys() -> None:
    records = [{"to": "b", "k": "key"}, {"to": "other"}, {"to": 5, "k": 5}, {"to": "bad topic"}, {"to": ".."}]
    batch = Batch("t", [TIME] * 5, records)
    options = {"topics": ("a", "b"), "topic_key": "to", "message_key": "m", "message_key_field": "k"}
    messages = Messages(Options(**options))
    assert messages.topics(batch) == ["a" if n else "b" for n in range(5)]
    assert messages.keys(batch) == [b"key", b"m", b"m", b"m", b"m"]
    assert Messages(Options(**options, dynamic_topic=True)).topics(batch) == ["b", "other", "a", "a", "a"]
    many = Messages(Options(topic_key="to", dynamic_topic=True))
    named = many.topics(Batch("t", [TIME] * 2000, [{"to": f"t{n}"} for n in range(2000)]))
    assert len(set(named)) == 1001


async def test_messages_are_delivered_when_acknowledged(make: Any, broker: Broker, batch: Any) -> None:
    plugin = make(
        "output", "kafka", brokers=f"127.0.0.1:{broker.port}", topics="one,two", topic_key="to",
        message_key_field="k", rdkafka__compression__codec="gzip", timestamp_key="t",
    )  # fmt: skip
    records = [{"n": 0}, {"n": 1, "k": "x"}, {"n": 2, "to": "two"}, {"n": 3, "k": "x"}]
    delivery = await plugin.send(batch(*records))
    assert (delivery.delivered, delivery.dropped, delivery.rest) == (4, 0, [])
    found = {json.loads(value)["n"]: (topic, partition, key) for topic, partition, key, value in broker.got}
    partition = zlib.crc32(b"x") % 2
    assert (found[1], found[3]) == (("one", partition, b"x"), ("one", partition, b"x"))
    assert (found[0][0], found[2][0]) == ("one", "two")
    assert broker.acks == {-1}
    assert (await plugin.send(batch({"n": 4}))).delivered == 1
    await plugin.stop()
    assert broker.got[-1][1] != found[0][1]  # without a key the partitions take turns


async def test_large_batches_go_in_parts(make: Any, broker: Broker, batch: Any) -> None:
    plugin = make("output", "kafka", brokers=f"127.0.0.1:{broker.port}", rdkafka__message__max__bytes="5000")
    delivery = await plugin.send(batch(*[{"n": n, "x": "y" * 100} for n in range(200)]))
    await plugin.stop()
    assert delivery.delivered == 200
    assert [json.loads(value)["n"] for *_, value in broker.got] == list(range(200))


async def test_what_brokers_never_take_is_dropped(make: Any, broker: Broker, batch: Any) -> None:
    plugin = make("output", "kafka", brokers=f"127.0.0.1:{broker.port}", format="raw", raw_log_key="log")
    broker.errors.append(TOO_LARGE)
    delivery = await plugin.send(batch({"no": 1}, {"log": "x"}))
    assert (delivery.delivered, delivery.dropped, len(delivery.rest)) == (0, 2, 0)
    assert delivery.refused == [1], "of the other there is nothing to send"
    assert "raw_log_key" in delivery.reason
    assert "MessageSizeTooLarge" in delivery.reason
    assert (await plugin.send(batch({"no": 1}))).dropped == 1
    await plugin.stop()


async def test_what_gelf_has_no_form_for_is_refused(make: Any, broker: Broker, batch: Any) -> None:
    options = {"format": "gelf", "gelf_short_message_key": "log"}
    plugin = make("output", "kafka", brokers=f"127.0.0.1:{broker.port}", **options)
    delivery = await plugin.send(batch({"log": "x"}, {"no": 1}))
    assert (delivery.delivered, delivery.dropped, delivery.refused) == (1, 1, [1])
    assert (await plugin.send(batch({"no": 1}))).refused == [0]
    await plugin.stop()


async def test_only_what_failed_is_sent_again(make: Any, broker: Broker, batch: Any) -> None:
    plugin = make(
        "output", "kafka", brokers=f"127.0.0.1:{broker.port}", topics="a,b", topic_key="to",
        rdkafka__request__timeout__ms="300", rdkafka__retry__backoff__ms="20",
    )  # fmt: skip
    await plugin.send(batch({"n": 0}))
    broker.failing["b"] = NOT_ENOUGH_REPLICAS
    two = batch({"to": "a"}, {"to": "b"})
    delivery = await plugin.send(two)
    assert (delivery.delivered, delivery.dropped, delivery.rest) == (1, 0, [1])
    with pytest.raises(PeerError):
        await plugin.send(two.part(delivery.rest))
    broker.failing.clear()
    assert (await plugin.send(two.part(delivery.rest))).delivered == 1
    await plugin.stop()
    assert len(broker.got) == 3


async def test_nobody_there(make: Any, batch: Any) -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    plugin = make("output", "kafka", brokers=f"127.0.0.1:{port}")
    with pytest.raises(PeerError, match=f"127.0.0.1:{port}"):
        await plugin.send(batch({"a": 1}))
    await plugin.stop()


async def test_in_a_pipeline(broker: Broker, run_pipeline: Any) -> None:
    async def arrived() -> None:
        while len(broker.got) < 3:
            broker.changed.clear()
            await broker.changed.wait()

    row = await run_pipeline("kafka", {"brokers": f"127.0.0.1:{broker.port}"}, arrived())
    assert row["delivered"] == 3


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({}, "needs brokers"),
        ({"brokers": "a:b"}, "host:port"),
        ({"brokers": "a", "format": "avro"}, "allowed"),
        ({"brokers": "a", "format": "raw"}, "raw_log_key"),
        ({"brokers": "a", "aws_msk_iam": "on"}, "aws_msk_iam"),
        ({"brokers": "a", "rdkafka__fetch__min__bytes": "1"}, "rdkafka.fetch.min.bytes"),
        ({"brokers": "a", "rdkafka__compression__codec": "lz4"}, "cramjam"),
        ({"brokers": "a", "rdkafka__security__protocol": "sasl_ssl"}, "sasl.username"),
        ({"brokers": "a", "rdkafka__security__protocol": "ssl", "rdkafka__ssl__ca__location": "/no"}, "TLS files"),
        ({"brokers": "a", "rdkafka__enable__idempotence": "on", "rdkafka__acks": "1"}, "acks all"),
        ({"brokers": "a", "topic_key": "$a["}, "accessor"),
    ],
)
def test_what_cannot_work_is_refused(
    options: dict[str, str], match: str, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "cramjam" else real(name))
    with pytest.raises(UserError, match=match):
        make("output", "kafka", **options)


def test_secrets_are_not_shown(make: Any) -> None:
    options = {"rdkafka__security__protocol": "sasl_plaintext", "rdkafka__sasl__username": "u"}
    plugin = make("output", "kafka", brokers="a", rdkafka__sasl__password="hush", **options)
    assert "hush" not in repr(plugin.options)


@pytest.mark.parametrize(
    ("host", "broker"), [("::1", "[::1]:9092"), ("[::1]", "[::1]:9092"), ("k.local", "k.local:9092")]
)
def test_the_host_is_a_broker(make: Any, host: str, broker: str) -> None:
    plugin = make("output", "kafka", host=host, topics="t")
    assert producer_settings(plugin.options, plugin.core)["bootstrap_servers"] == [broker]
