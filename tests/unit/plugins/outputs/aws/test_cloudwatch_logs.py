"""CloudWatch Logs: limits, order, streams and groups, refusals, and what is sent again."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.pipeline.plugin import Encoded

NOW = time.time_ns()
NAMES = {"log_group_name": "grp", "log_stream_name": "str"}


def plugin_of(make: Any, aws: Any, **options: Any) -> Any:
    given = {"region": "us-east-1", "endpoint": aws.endpoint, **NAMES, **options}
    return make("output", "cloudwatch_logs", **{key: value for key, value in given.items() if value is not None})


def many(count: int, size: int = 10, tag: str = "app", start: int = NOW) -> Batch:
    return Batch(
        tag, [start + n * 1_000_000 for n in range(count)], [{"log": f"{n}:" + "x" * size} for n in range(count)]
    )


async def test_a_stream_is_made_once_and_events_arrive(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, log_key="log")
    for _ in range(2):
        delivery = await plugin.send(many(3))
        assert (delivery.delivered, delivery.dropped, len(delivery.rest)) == (3, 0, 0)
    await plugin.stop()
    assert aws.targets == ["CreateLogStream", "PutLogEvents", "PutLogEvents"]
    stamp = NOW // 1_000_000
    assert aws.streams["grp", "str"][:3] == [(stamp + n, f"{n}:xxxxxxxxxx") for n in range(3)]


async def test_a_group_is_made_with_class_and_retention(make: Any, aws: Any) -> None:
    plugin = plugin_of(
        make,
        aws,
        log_group_name="new",
        auto_create_group="on",
        log_retention_days=7,
        log_group_class="INFREQUENT_ACCESS",
    )
    assert (await plugin.send(many(1))).delivered == 1
    await plugin.stop()
    assert aws.groups["new"] == {"logGroupName": "new", "logGroupClass": "INFREQUENT_ACCESS", "retentionInDays": 7}
    assert aws.targets == ["CreateLogStream", "CreateLogGroup", "PutRetentionPolicy", "CreateLogStream", "PutLogEvents"]


async def test_a_group_that_is_missing_is_named(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, log_group_name="new")
    with pytest.raises(PeerError, match="CreateLogStream: HTTP 400 ResourceNotFoundException: The specified log group"):
        await plugin.send(many(1))
    await plugin.stop()


async def test_a_stream_that_somebody_deleted_is_made_again(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws)
    await plugin.send(many(1))
    aws.streams.clear()
    assert (await plugin.send(many(1))).delivered == 1
    await plugin.stop()
    assert aws.targets[2:] == ["PutLogEvents", "CreateLogStream", "PutLogEvents"]


async def test_bodies_stay_within_every_limit(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws)
    batch = many(25_000, 100)
    assert (await plugin.send(batch)).delivered == 25_000
    await plugin.stop()
    stored = aws.streams["grp", "str"]
    assert [json.loads(text) for _, text in stored] == batch.records
    assert 4 <= aws.targets.count("PutLogEvents") <= 5  # 25,000 events of 168 bytes


async def test_events_are_sorted_and_split_where_a_day_is_over(make: Any, aws: Any) -> None:
    aws.keeps_days = 100
    plugin = plugin_of(make, aws, log_key="log")
    hours = [50, 0, 30, 23, 24]
    day = NOW - 60 * 3_600 * 10**9
    batch = Batch("app", [day + hour * 3_600 * 10**9 for hour in hours], [{"log": str(hour)} for hour in hours])
    assert (await plugin.send(batch)).delivered == 5
    await plugin.stop()
    puts = [given["logEvents"] for target, given, _ in aws.calls if target.endswith("PutLogEvents")]
    assert [[event["message"] for event in put] for put in puts] == [["0", "23"], ["24", "30"], ["50"]]


async def test_what_cloudwatch_refuses_is_counted_with_the_reason(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, log_key="log")
    times = [NOW, NOW + 3 * 3_600 * 10**9, NOW, NOW - 15 * 86_400 * 10**9]
    delivery = await plugin.send(Batch("app", times, [{"no": 1}, {"log": "new"}, {"log": "good"}, {"log": "old"}]))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped, len(delivery.rest)) == (1, 3, 0)
    reasons = ["log_key 'log' is not in the record", "CloudWatch refused: too old"]
    assert delivery.reason == "; ".join([*reasons, "CloudWatch refused: too far in the future"])
    assert delivery.refused == [1, 3], "but not what an option leaves out"


async def test_only_what_was_not_put_is_sent_again(make: Any, aws: Any, stand_in: Any) -> None:
    plugin = plugin_of(make, aws)
    batch = many(25_000, 100)
    await plugin.send(many(1, start=NOW - 1_000_000))
    aws.failures += [None, None, stand_in.RefusalError("ThrottlingException", "Rate exceeded")]
    delivery = await plugin.send(batch)
    stored = len(aws.streams["grp", "str"]) - 1
    assert delivery.delivered == stored
    assert 0 < stored < 25_000
    assert "ThrottlingException: Rate exceeded" in delivery.reason
    assert list(delivery.rest) == list(range(stored, 25_000))
    assert (await plugin.send(batch.part(delivery.rest))).delivered == 25_000 - stored
    await plugin.stop()
    assert [json.loads(text) for _, text in aws.streams["grp", "str"][1:]] == batch.records


async def test_an_answer_without_request_id_is_asked_for_again_once(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws)
    await plugin.send(many(1))
    aws.failures += ["nameless"]
    assert (await plugin.send(many(1))).delivered == 1
    aws.failures += ["nameless", "nameless"]
    with pytest.raises(PeerError, match="x-amzn-RequestId"):
        await plugin.send(many(1))
    await plugin.stop()


async def test_a_call_without_answer_is_made_again_at_once(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, auto_retry_requests="on", net__keepalive="off")
    aws.failures += ["silence"]
    assert (await plugin.send(many(1))).delivered == 1
    await plugin.stop()
    other = plugin_of(make, aws, auto_retry_requests="off", net__keepalive="off")
    aws.failures += ["silence"]
    with pytest.raises(PeerError):
        await other.send(many(1))
    await other.stop()


async def test_records_without_the_key_or_without_text_are_dropped(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, log_key="log")
    values: list[Any] = ["a", "", {"b": [1, 2.5]}, 7, None, b"\xff", "\udce9"]
    records = [*({"log": value} for value in values), {"lo": "prefix"}, {}]
    delivery = await plugin.send(Batch("app", [NOW] * len(records), records))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped) == (6, 3)
    assert delivery.reason == "log_key 'log' is not in the record; empty message"
    texts = [text for _, text in aws.streams["grp", "str"]]
    assert texts == ["a", '{"b":[1,2.5]}', "7", "null", "\ue0ff", "\ue0e9"]


async def test_empty_records_are_dropped(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws)
    delivery = await plugin.send(Batch("app", [NOW, NOW], [{}, {"a": 1}]))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped, delivery.reason) == (1, 1, "empty message")


async def test_a_very_long_text_is_cut(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, log_key="log")
    texts = ["\\" * 900_000, "é" * 1_000_000, 'a"' * 800_000]
    assert (await plugin.send(Batch("app", [NOW] * 3, [{"log": text} for text in texts]))).delivered == 3
    await plugin.stop()
    stored = [text for _, text in aws.streams["grp", "str"]]
    assert stored == ["\\" * 500_000, "é" * 500_000, 'a"' * 333_333 + "a"]


async def test_names_of_bytes_that_are_no_text(make: Any, aws: Any) -> None:
    aws.groups["grp"] = {}
    plugin = plugin_of(make, aws, log_stream_name=None, log_stream_prefix="pre/", log_stream_template="x-$id")
    records = [{"id": "\udcffé"}, {"log": "a"}]
    assert (await plugin.send(Batch("tag-\udcfe", [NOW] * 2, records))).delivered == 2
    await plugin.stop()
    assert set(aws.streams) == {("grp", "x-?é"), ("grp", "pre/tag-?")}


async def test_templates_fall_back_where_a_part_is_missing(make: Any, aws: Any) -> None:
    aws.groups.update({"app-one": {}, "grp": {}})
    plugin = plugin_of(
        make,
        aws,
        log_stream_name=None,
        log_stream_prefix="pre/",
        log_group_template="app-$env['name']",
        log_stream_template="$TAG[1].$id",
    )
    records = [{"env": {"name": "one"}, "id": 7}, {"id": 8}, {"env": {"name": "one"}}]
    assert (await plugin.send(Batch("a.b", [NOW] * 3, records))).delivered == 3
    await plugin.stop()
    assert set(aws.streams) == {("app-one", "b.7"), ("grp", "b.8"), ("app-one", "pre/a.b")}
    assert "records with tag a.b lack $env['name'] of a name: the default name is used" in plugin.logged()
    assert plugin.logged().count("[ warn]") == 1


async def test_nothing_is_said_of_templates_that_are_filled(make: Any, aws: Any) -> None:
    aws.groups["grp"] = {}
    plugin = plugin_of(make, aws, log_stream_name=None, log_stream_prefix="pre/", log_stream_template="$TAG.$id")
    await plugin.send(Batch("a.b", [NOW] * 2, [{"id": 7}, {"id": 8}]))
    await plugin.send(Batch("a.b", [NOW] * 2, [{"id": 7}, {"id": ""}]))
    await plugin.stop()
    assert "warn" not in plugin.logged()


async def test_parts_of_a_chunk_go_out_together_and_places_count_through(make: Any, aws: Any, stand_in: Any) -> None:
    plugin = plugin_of(make, aws, log_key="log", log_stream_template="$id")
    parts = []
    for first in range(0, 30, 10):
        records = [{"log": f"{n}", "id": "even" if n % 2 == 0 else "odd"} for n in range(first, first + 9)]
        parts.append(plugin.encode(Batch("a", [NOW - n for n in range(10)], [*records[:4], {"no": 1}, *records[4:]])))
    aws.failures += [None, None, None, stand_in.RefusalError("InvalidParameterException", "odd is bad")]
    delivery = await plugin.send_encoded(Encoded("a", 30, parts))
    await plugin.stop()
    assert aws.targets == ["CreateLogStream", "PutLogEvents", "CreateLogStream", "PutLogEvents"]
    places = [first + n + (n >= 4) for first in (0, 10, 20) for n in range(9) if (first + n) % 2]
    assert (delivery.delivered, delivery.dropped, delivery.rest) == (27 - len(places), 3, places)
    assert sorted(int(text) for _, text in aws.streams["grp", "even"]) == [
        n for n in range(30) if n % 2 == 0 and n % 10 < 9
    ]


async def test_a_record_that_aws_would_refuse_the_call_for_costs_no_other(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, log_key="log")
    records = [{"log": "old"}, {"log": "x"}, {"log": b""}, {"log": "z"}]
    delivery = await plugin.send(Batch("a", [-5_000_000_000, NOW, NOW, NOW], records))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped, list(delivery.refused)) == (2, 2, [0])
    assert "too old" in delivery.reason
    assert "empty message" in delivery.reason
    assert [text for _, text in aws.streams["grp", "str"]] == ["x", "z"]


async def test_throttling_stops_the_other_streams_whatever_came_before(make: Any, aws: Any, stand_in: Any) -> None:
    plugin = plugin_of(make, aws, log_stream_template="$id")
    aws.failures += [
        stand_in.RefusalError("InvalidParameterException", "bad name"),
        stand_in.RefusalError("ThrottlingException", "Rate exceeded"),
    ]
    with pytest.raises(PeerError):
        await plugin.send(Batch("a", [NOW] * 20, [{"id": str(n)} for n in range(20)]))
    await plugin.stop()
    assert len(aws.targets) == 2


async def test_one_bad_stream_holds_up_no_other(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, log_stream_template="$id")
    records = [{"id": "bad:name"}, {"id": "good"}]
    delivery = await plugin.send(Batch("a", [NOW] * 2, records))
    await plugin.stop()
    assert (delivery.delivered, list(delivery.rest)) == (1, [0])
    assert "InvalidParameterException" in delivery.reason


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"log_stream_name": None}, "exactly one of"),
        ({"log_stream_prefix": "p"}, "exactly one of"),
        ({"log_group_name": None}, "log_group_name is required"),
        ({"region": None}, "region is required"),
        ({"log_group_template": "a-$"}, "cannot be read"),
        ({"log_group_class": "CHEAP"}, "unknown log_group_class"),
        ({"endpoint": "ftp://x"}, "is not a host"),
        ({"sts_endpoint": "a b"}, "sts_endpoint 'a b'"),
        ({"profile": "nobody"}, "nobody"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], said: str, make: Any, aws: Any) -> None:
    with pytest.raises(UserError, match=said):
        plugin_of(make, aws, **options)


async def test_the_format_of_metrics_is_named(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, log_format="json/emf", extra_user_agent="me")
    await plugin.send(many(1))
    await plugin.stop()
    headers = aws.calls[-1][2]
    assert (headers["x-amzn-logs-format"], headers["user-agent"]) == ("json/emf", "aws-fluent-bit-plugin-me")


async def test_in_a_pipeline(aws: Any, run_pipeline: Any, stand_in: Any) -> None:
    async def arrived() -> None:
        async with asyncio.timeout(20):
            while len(aws.streams.get(("grp", "s"), [])) < 5:  # noqa: ASYNC110 - the stand-in has threads of its own
                await asyncio.sleep(0.01)

    options = {"region": "us-east-1", "endpoint": aws.endpoint, "log_group_name": "grp", "log_stream_name": "s"}
    row = await run_pipeline("cloudwatch_logs", options, arrived(), samples=5)
    assert row["delivered"] == 5
