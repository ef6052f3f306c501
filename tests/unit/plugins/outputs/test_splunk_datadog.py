"""The splunk, datadog and nrlogs outputs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.plugins.outputs.datadog.config import Options as DatadogOptions
from outrider.plugins.outputs.datadog.format import encode
from outrider.plugins.outputs.splunk.config import Options
from outrider.plugins.outputs.splunk.format import Events

TIME = 1_700_000_000_500_600_000


def events(options: dict[str, Any], *records: dict[str, Any]) -> str:
    batch = Batch("app.web", [TIME] * len(records), list(records))
    return Events(Options(**options)).encode(batch, escape_unicode=True).decode()


def test_events() -> None:
    assert events({}, {"a": 1}, {}) == '{"time":1700000000.5006,"event":{"a":1}}{"time":1700000000.5006,"event":{}}'
    assert events({"splunk_send_raw": True}, {"event": "x"}, {"b": 2}) == '{"event":"x"}\n{"b":2}\n'
    assert events({"auto_extract_timestamp": True}, {"a": 1}) == '{"event":{"a":1}}'
    assert events({"event_key": "$log"}, {"log": 'a"'}, {"x": 1}) == (
        '{"time":1700000000.5006,"event":"a\\""}{"time":1700000000.5006,"event":{"x":1}}'
    )


def test_members_of_events() -> None:
    fixed = {"event_sourcetype": "st", "event_index": "main"}
    assert events(fixed, {}) == '{"time":1700000000.5006,"sourcetype":"st","index":"main","event":{}}'
    options = {
        **fixed,
        "event_host": "h-$host",
        "event_source": "$TAG",
        "event_sourcetype_key": "$kind",
        "event_index_key": "$ix",
        "event_field": ("code $n", "deep $m['x']"),
    }
    full = events(options, {"host": "é", "kind": "k", "ix": "i", "n": 5, "m": {"x": [1]}})
    assert json.loads(full) == {
        "time": 1700000000.5006,
        "host": "h-é",
        "source": "app.web",
        "sourcetype": "k",
        "index": "i",
        "fields": {"code": 5, "deep": [1]},
        "event": {"host": "é", "kind": "k", "ix": "i", "n": 5, "m": {"x": [1]}},
    }
    assert list(json.loads(full)) == ["time", "host", "source", "sourcetype", "index", "fields", "event"]
    bare = json.loads(events(options, {}))
    assert (bare["sourcetype"], bare["index"], bare["fields"]) == ("st", "main", {})


async def test_to_splunk(make: Any, peer: Any, batch: Any) -> None:
    plugin = make(
        "output", "splunk", host="127.0.0.1", port=peer.port, splunk_token="tok", channel="ch", compress="gzip"
    )
    assert (await plugin.send(batch({"a": 1}))).delivered == 1
    await plugin.stop()
    (heard,) = peer.heard
    assert heard.target == "/services/collector/event"
    assert heard.headers["Authorization"] == "Splunk tok"
    assert heard.headers["X-Splunk-Request-Channel"] == "ch"
    assert "Content-Type" not in heard.headers
    assert heard.body == b'{"time":1700000000.123457,"event":{"a":1}}'


@pytest.mark.parametrize(("status", "retry"), [(400, False), (403, False), (408, True), (429, True), (503, True)])
@pytest.mark.parametrize(("name", "key"), [("splunk", "splunk_token"), ("datadog", "apikey")])
async def test_refused(name: str, key: str, status: int, retry: bool, make: Any, peer: Any, batch: Any) -> None:
    peer.default = (status, "why")
    plugin = make("output", name, host="127.0.0.1", port=peer.port, **{key: "hush"})
    assert "hush" not in repr(plugin.options)
    try:
        delivery = await plugin.send(batch({"a": 1}))
    except PeerError as error:
        fate = (error.retry, str(error))
    else:
        fate = (delivery.dropped != 1, delivery.reason)
    await plugin.stop()
    assert fate == (retry, f"HTTP {status}: why")


def sent(options: dict[str, Any], *records: dict[str, Any]) -> str:
    batch = Batch("app.web", [TIME] * len(records), list(records))
    return encode(batch, DatadogOptions(**options), 0, len(records), escape_unicode=True).decode()


def test_datadog() -> None:
    assert sent({}, {"log": "x", "a": 1}, {}) == (
        '[{"timestamp":1700000000501,"message":"x","a":1},{"timestamp":1700000000501}]'
    )
    named = {"dd_service": "s", "dd_source": "g", "dd_tags": "a:b", "dd_hostname": "h", "include_tag_key": True}
    assert sent(named, {"m": 1}) == (
        '[{"timestamp":1700000000501,"tagkey":"app.web","ddsource":"g","service":"s","hostname":"h","m":1,"ddtags":"a:b"}]'
    )
    assert sent({"dd_service": "s", "dd_message_key": "m"}, {"service": "own", "m": "x", "timestamp": 5}) == (
        '[{"service":"own","message":"x","timestamp":5}]'
    )


def test_datadog_for_ecs() -> None:
    record = {
        "container_id": "i",
        "container_name": "/n",
        "container_image": "img:1",
        "ecs_cluster": "arn:aws:ecs:eu-west-1:1:cluster/prod",
        "ecs_task_definition": "web:12",
        "ecs_task_arn": "arn:aws:ecs:eu-west-1:1:task/prod/abc",
        "log": "x",
        "source": "stdout",
    }
    made = json.loads(sent({"provider": "ecs", "dd_tags": "env:p"}, record))[0]
    assert made["ddtags"] == (
        "container_id:i,container_name:n,container_image:img:1,cluster_name:prod,task_family:web,task_version:12,"
        "task_arn:arn:aws:ecs:eu-west-1:1:task/prod/abc,region:eu-west-1,task_id:prod/abc,env:p"
    )
    assert made == {"timestamp": 1700000000501, "message": "x", "source": "stdout", "ddtags": made["ddtags"]}
    odd = {"ecs_cluster": "c", "ecs_task_definition": "d", "ecs_task_arn": "t", "container_id": 5, "container_name": ""}
    made = json.loads(sent({"provider": "ecs"}, odd))[0]
    assert made["ddtags"] == "cluster_name:c,ecs_task_definition:d,task_arn:t,task_id:t"
    assert (made["container_id"], made["container_name"]) == (5, "")


async def test_to_datadog(make: Any, peer: Any, batch: Any) -> None:
    plugin = make("output", "datadog", host="127.0.0.1", port=peer.port, apikey="key", compress="gzip", header="X-A b")
    assert (await plugin.send(batch({"log": 1}))).delivered == 1
    await plugin.stop()
    (heard,) = peer.heard
    assert heard.target == "/api/v2/logs"
    assert (heard.headers["DD-API-KEY"], heard.headers["X-A"]) == ("key", "b")
    assert heard.body == b'[{"timestamp":1700000000123,"message":1}]'
    assert str(make("output", "datadog", apikey="key").client) == "http-intake.logs.datadoghq.com:80"
    assert str(make("output", "datadog", apikey="key", tls="on").client) == "http-intake.logs.datadoghq.com:443"


async def test_of_a_part_that_datadog_refuses_the_records_are_known(make: Any, peer: Any, batch: Any) -> None:
    peer.answers.extend([202, 413, 503])
    plugin = make("output", "datadog", host="127.0.0.1", port=peer.port, apikey="key")
    delivery = await plugin.send(batch(*[{"n": n} for n in range(2500)]))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped, delivery.rest) == (1000, 1000, range(2000, 2500))
    assert delivery.refused == list(range(1000, 2000))


async def test_datadog_takes_a_thousand_at_a_time(make: Any, peer: Any, batch: Any) -> None:
    peer.answers.extend([202, 503])
    plugin = make("output", "datadog", host="127.0.0.1", port=peer.port, apikey="key")
    all_of_them = batch(*[{"n": n} for n in range(2500)])
    delivery = await plugin.send(all_of_them)
    assert (delivery.delivered, delivery.dropped, delivery.rest) == (1000, 0, range(1000, 2500))
    assert (await plugin.send(all_of_them.part(delivery.rest))).delivered == 1500
    await plugin.stop()
    sizes = [len(json.loads(heard.body)) for heard in peer.heard]
    assert sizes == [1000, 1000, 1000, 500]


NEW_RELIC = b'[{"common":{"attributes":{"plugin":{"type":"Fluent Bit","version":"5.1.1"}}},"logs":[%b]}]'


async def test_new_relic(make: Any, peer: Any, batch: Any) -> None:
    uri = f"http://127.0.0.1:{peer.port}/log/v1"
    plugin = make("output", "nrlogs", base_uri=uri, license_key="lic")
    records = [{"log": "x", "message": "y", "a": 1}, {"message": "y"}, {"b": 2}, {"message": "z", "log": 5}]
    assert (await plugin.send(batch(*records))).delivered == 4
    await plugin.stop()
    (heard,) = peer.heard
    assert (heard.target, heard.headers["X-License-Key"]) == ("/log/v1", "lic")
    assert heard.headers["Content-Encoding"] == "gzip"
    stamp = b'{"timestamp":1700000000123,'
    assert heard.body == NEW_RELIC % b",".join(
        [
            stamp + b'"message":"x","attributes":{"message":"y","a":1}}',
            stamp + b'"message":"y","attributes":{}}',
            stamp + b'"attributes":{"b":2}}',
            stamp + b'"message":5,"attributes":{"message":"z"}}',
        ]
    )


async def test_new_relic_refuses(make: Any, peer: Any, batch: Any) -> None:
    peer.default = (403, "no")
    plugin = make("output", "nrlogs", base_uri=f"http://127.0.0.1:{peer.port}/x", api_key="k", compress="off")
    with pytest.raises(PeerError, match="HTTP 403: no"):
        await plugin.send(batch({"a": 1}))
    await plugin.stop()
    assert peer.heard[0].headers["X-Insert-Key"] == "k"
    assert str(make("output", "nrlogs", api_key="k").client) == "log-api.newrelic.com:443"


@pytest.mark.parametrize(
    ("name", "options", "match"),
    [
        ("splunk", {}, "splunk_token"),
        ("splunk", {"splunk_token": "a\x01"}, "header"),
        ("splunk", {"splunk_token": "a", "event_field": "x"}, "event_field"),
        ("splunk", {"splunk_token": "a", "event_host": "$"}, r"\$"),
        ("nrlogs", {}, "license_key"),
        ("nrlogs", {"api_key": "a", "base_uri": "ftp://x"}, "base_uri"),
        ("datadog", {}, "apikey"),
        ("datadog", {"apikey": "a", "header": "b"}, "no value"),
    ],
)
def test_what_cannot_work_is_refused(name: str, options: dict[str, str], match: str, make: Any) -> None:
    with pytest.raises(UserError, match=match):
        make("output", name, **options)


@pytest.mark.parametrize(("name", "options"), [("splunk", {"splunk_token": "t"}), ("datadog", {"apikey": "k"})])
async def test_in_a_pipeline(name: str, options: dict[str, str], peer: Any, run_pipeline: Any) -> None:
    row = await run_pipeline(name, {"port": peer.port, **options}, peer.until(1))
    assert row["delivered"] == 3
