"""The es and opensearch outputs against a server that answers as theirs do."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import PeerError, UserError
from outrider.plugins.outputs.es.cloud import address

OK = (200, '{"took":1,"errors":false,"items":[]}')


@pytest.mark.parametrize("name", ["es", "opensearch"])
async def test_a_batch_is_one_request(name: str, make: Any, peer: Any, batch: Any) -> None:
    peer.default = OK
    plugin = make(
        "output", name, host="127.0.0.1", port=peer.port, path="es", pipeline="geo", compress="gzip",
        suppress_type_name="on", http_user="u", http_passwd="p",
    )  # fmt: skip
    delivery = await plugin.send(batch({"a": 1}, {"a": 2}))
    await plugin.stop()
    assert delivery.delivered == 2
    (heard,) = peer.heard
    assert heard.target == "/es/_bulk/?pipeline=geo"
    assert heard.headers["Content-Type"] == "application/x-ndjson"
    assert heard.headers["Authorization"] == "Basic dTpw"
    assert heard.body == b"".join(
        b'{"create":{"_index":"fluent-bit"}}\n{"@timestamp":"2023-11-14T22:13:20.123Z","a":%d}\n' % n for n in (1, 2)
    )


async def test_only_failed_records_are_sent_again(make: Any, peer: Any, batch: Any) -> None:
    statuses = [201, 429, 400, 409, 503]
    items = [{"create": {"status": s, "error": {"type": "t", "reason": "r"}}} for s in statuses]
    peer.answers.append((200, json.dumps({"took": 1, "errors": True, "items": items}), {"Retry-After": "7"}))
    peer.default = OK
    plugin = make("output", "es", host="127.0.0.1", port=peer.port)
    five = batch(*[{"n": n} for n in range(5)])
    delivery = await plugin.send(five)
    assert (delivery.delivered, delivery.dropped, delivery.rest, delivery.refused) == (2, 1, [1, 4], [2])
    assert "400 t: r" in delivery.reason
    assert delivery.after == 7
    assert (await plugin.send(five.part(delivery.rest))).delivered == 2
    await plugin.stop()
    assert peer.heard[1].body.count(b'"n":') == 2


@pytest.mark.parametrize(
    ("answer", "retry"),
    [(429, True), (503, True), (400, False), (413, False), ((200, "hello"), True), ((200, ""), True), (401, False)],
)
async def test_whole_requests_that_fail(answer: Any, retry: bool, make: Any, peer: Any, batch: Any) -> None:
    peer.answers.append(answer)
    plugin = make("output", "opensearch", host="127.0.0.1", port=peer.port)
    with pytest.raises(PeerError) as caught:
        await plugin.send(batch({"a": 1}))
    await plugin.stop()
    assert caught.value.retry is retry


async def test_what_cannot_be_updated_is_dropped_alone(make: Any, peer: Any, batch: Any) -> None:
    statuses = {"errors": True, "items": [{"update": {"status": status}} for status in (400, 200, 429)]}
    peer.answers.append((200, json.dumps(statuses), {"Retry-After": "7"}))
    plugin = make("output", "es", host="127.0.0.1", port=peer.port, write_operation="upsert", id_key="id")
    delivery = await plugin.send(batch({"n": 0}, {"id": "a"}, {"n": 2}, {"id": "b"}, {"id": "c"}))
    assert (delivery.delivered, delivery.dropped, delivery.rest, delivery.after) == (1, 3, [4], 7)
    assert delivery.refused == [0, 1, 2]
    assert delivery.reason == "the record has no id in id_key, which an update needs; 400; 429"
    delivery = await plugin.send(batch({"n": 1}))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped, delivery.refused, len(peer.heard)) == (0, 1, [0], 1)


async def test_in_a_pipeline(peer: Any, run_pipeline: Any) -> None:
    items = [{"create": {"status": 400, "error": {"type": "mapper", "reason": "no"}}}, {"create": {"status": 429}}]
    peer.answers.append((200, json.dumps({"errors": True, "items": [*items, {"create": {"status": 201}}]})))
    peer.default = OK
    row = await run_pipeline("es", {"port": peer.port, "retry_limit": "false"}, peer.until(1))
    assert sum(row["dropped"].values()) + row["delivered"] == 3


async def test_keys_and_clouds(make: Any, peer: Any, batch: Any) -> None:
    peer.default = OK
    plugin = make("output", "es", host="127.0.0.1", port=peer.port, http_api_key="abc==")
    await plugin.send(batch({"a": 1}))
    await plugin.stop()
    assert peer.heard[0].headers["Authorization"] == "ApiKey abc=="
    cloud = "my:" + base64.b64encode(b"eu.aws.elastic.example$abc123$kib").decode().rstrip("=")
    plugin = make("output", "es", cloud_id=cloud, cloud_auth="elastic:hush", tls="on")
    assert plugin.peer == "abc123.eu.aws.elastic.example:443"
    assert "hush" not in repr(plugin.options)
    assert address("x:" + base64.b64encode(b"d.example:9243$c").decode()) == ("c.d.example", 9243)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"upstream": "nodes.conf"}, "upstream"),
        ({"cloud_id": "a:b", "tls": "on"}, "cloud_id"),
        ({"cloud_id": "my:" + base64.b64encode(b"d$c").decode()}, "tls On"),
        ({"write_operation": "upsert"}, "id_key"),
        ({"path": "a b"}, "URL"),
        ({"index": "a-$"}, r"\$"),
        ({"write_operation": "replace"}, "allowed"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, str], match: str, make: Any) -> None:
    with pytest.raises(UserError, match=match):
        make("output", "es", **options)


async def test_requests_are_signed(make: Any, peer: Any, batch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    peer.default = OK
    options = {"host": "127.0.0.1", "port": peer.port, "aws_auth": "on", "aws_region": "eu-west-1"}
    plugin = make("output", "opensearch", **options, aws_service_name="aoss", compress="gzip")
    await plugin.send(batch({"a": 1}))
    await plugin.stop()
    headers = peer.heard[0].headers
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert "/eu-west-1/aoss/aws4_request" in headers["Authorization"]
    assert headers.getall("User-Agent") == ["aws-fluent-bit-plugin"]
    assert len(headers["X-Amz-Content-SHA256"]) == 64
    with pytest.raises(UserError, match="aws_region"):
        make("output", "opensearch", aws_auth="on")


def upstream_of(folder: Path, *nodes: str) -> Path:
    path = folder / "up.conf"
    path.write_text("[UPSTREAM]\n    name both\n" + "".join(f"[NODE]\n    name {node}\n" for node in nodes))
    return path


async def test_nodes_take_turns_and_one_that_fails_is_passed_over(
    make: Any, peer: Any, batch: Any, tmp_path: Path, unused_tcp_port: int
) -> None:
    peer.answers += [OK, 503]
    peer.default = OK
    here = f"\n    host localhost\n    port {peer.port}"
    gone = f"gone\n    host 127.0.0.1\n    port {unused_tcp_port}"
    plugin = make("output", "es", upstream=upstream_of(tmp_path, "a" + here, gone, "b" + here), http_user="u")
    for _ in range(3):
        assert (await plugin.send(batch({"a": 1}))).delivered == 1
    await plugin.stop()
    assert len(peer.heard) == 4  # to a, to b (not gone) with 503, to a instead, and again to a
    assert {heard.headers["Authorization"] for heard in peer.heard} == {"Basic dTo="}
    assert "node 'gone': " in plugin.logged()
    assert "503" in plugin.logged()


async def test_a_batch_waits_when_every_node_has_failed(make: Any, peer: Any, batch: Any, tmp_path: Path) -> None:
    peer.default = (503, "", {"Retry-After": "7"})
    node = f"\n    host 127.0.0.1\n    port {peer.port}"
    plugin = make("output", "es", upstream=upstream_of(tmp_path, "a" + node, "b" + node))
    with pytest.raises(PeerError) as caught:
        await plugin.send(batch({"a": 1}))
    await plugin.stop()
    assert (caught.value.retry, caught.value.after, len(peer.heard)) == (True, 7, 2)


def test_what_an_upstream_of_es_refuses(make: Any, tmp_path: Path) -> None:
    path = upstream_of(tmp_path, "a\n    host h\n    port 9200\n    index x")
    with pytest.raises(
        UserError, match=r"up.conf:7:11: node 'a': unknown configuration property 'index'; allowed: host,"
    ):
        make("output", "es", upstream=path)
    with pytest.raises(UserError, match="cloud_id and upstream exclude each other"):
        make("output", "es", upstream=path, cloud_id="x:y")
