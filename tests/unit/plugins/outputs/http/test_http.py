"""The http output: what it sends, and what becomes of the records by what the server answers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgpack
import pytest

from outrider.model.errors import PeerError, UserError


def small(batch: Any) -> Any:
    return batch({"log": "a", "n": 1}, {"log": "b"}, tag="app.x", time=1_700_000_000_500_000_000)


BODIES = {
    "json": b'[{"date":1700000000.5,"log":"a","n":1},{"date":1700000000.5,"log":"b"}]',
    "json_lines": b'{"date":1700000000.5,"log":"a","n":1}\n{"date":1700000000.5,"log":"b"}\n',
    "json_stream": b'{"date":1700000000.5,"log":"a","n":1}{"date":1700000000.5,"log":"b"}',
}
TYPES = {"json": "application/json", "json_lines": "application/x-ndjson", "json_stream": "application/x-ndjson"}


@pytest.mark.parametrize("form", BODIES)
@pytest.mark.parametrize("compress", ["none", "gzip", "zstd"])
async def test_json(form: str, compress: str, make: Any, peer: Any, batch: Any) -> None:
    plugin = make("output", "http", host="127.0.0.1", port=peer.port, uri="/in?a=b", format=form, compress=compress)
    delivery = await plugin.send(small(batch))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped, len(delivery.rest)) == (2, 0, 0)
    (heard,) = peer.heard
    assert (heard.method, heard.target, heard.body) == ("POST", "/in?a=b", BODIES[form])
    assert heard.headers["Content-Type"] == TYPES[form]
    assert heard.headers.get("Content-Encoding", "none") == compress
    assert heard.headers["User-Agent"] == "Fluent-Bit"


async def test_msgpack(make: Any, peer: Any, batch: Any) -> None:
    plugin = make("output", "http", host="127.0.0.1", port=peer.port, format="msgpack", http_method="PUT")
    await plugin.send(small(batch))
    await plugin.stop()
    (heard,) = peer.heard
    unpacker = msgpack.Unpacker(timestamp=0)
    unpacker.feed(heard.body)
    time = msgpack.ExtType(0, (1_700_000_000).to_bytes(4, "big") + (500_000_000).to_bytes(4, "big"))
    later = msgpack.ExtType(0, (1_700_000_000).to_bytes(4, "big") + (500_000_001).to_bytes(4, "big"))
    assert list(unpacker) == [[[time, {}], {"log": "a", "n": 1}], [[later, {}], {"log": "b"}]]
    assert (heard.method, heard.headers["Content-Type"]) == ("PUT", "application/msgpack")


async def test_gelf_leaves_out_what_has_no_message(make: Any, peer: Any, batch: Any) -> None:
    plugin = make(
        "output", "http", host="127.0.0.1", port=peer.port, format="gelf", gelf_short_message_key="log", compress="gzip"
    )
    delivery = await plugin.send(batch({"log": "x", "id": 7, "k": True}, {"other": 1}, time=1_700_000_000_123_000_000))
    assert (delivery.delivered, delivery.dropped, delivery.refused) == (1, 1, [1])
    assert "short message" in delivery.reason
    assert peer.heard[0].body == b'{"version":"1.1","short_message":"x","_k":"true","timestamp":1700000000.123}\n'
    delivery = await plugin.send(batch({"other": 1}))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped, delivery.refused, len(peer.heard)) == (0, 1, [0], 1)


async def test_headers(make: Any, peer: Any, batch: Any) -> None:
    plugin = make(
        "output",
        "http",
        host="127.0.0.1",
        port=peer.port,
        header=["X-Key a b c", 'X-Two "quoted"', "Content-Type text/x"],
        header_tag="X-Tag",
        http_user="bob",
        http_passwd="hush",
        allow_duplicated_headers="off",
    )
    await plugin.send(batch({"a": 1}, tag="app\r\nX-Evil: 1\udc80é"))
    await plugin.stop()
    headers = peer.heard[0].headers
    assert headers["X-Key"] == "a b c"
    assert headers["X-Two"] == '"quoted"'
    assert headers.getall("Content-Type") == ["text/x"]
    assert headers["X-Tag"] == "app__X-Evil: 1_é"
    assert "X-Evil" not in headers
    assert headers["Authorization"] == "Basic Ym9iOmh1c2g="
    assert "hush" not in repr(plugin.options)
    shown = repr(make("output", "http", proxy="http://u:hush@127.0.0.1:1", header="X-Key hush").options)
    assert "hush" not in shown


@pytest.mark.parametrize("status", [200, 201, 204, 205])
async def test_accepted(status: int, make: Any, peer: Any, batch: Any) -> None:
    peer.answers.append(status)
    plugin = make("output", "http", host="127.0.0.1", port=peer.port)
    assert (await plugin.send(small(batch))).delivered == 2
    await plugin.stop()


@pytest.mark.parametrize(
    ("answer", "retry", "after"),
    [
        ((400, "bad \x1b[31mthing"), False, 0),
        (413, False, 0),
        (408, True, 0),
        ((429, "slow down", {"Retry-After": "7"}), True, 7),
        (500, True, 0),
        ((503, "", {"Retry-After": "30"}), True, 30),
        ((302, "", {"Location": "http://127.0.0.1:1/"}), True, 0),
    ],
)
async def test_refused(answer: Any, retry: bool, after: float, make: Any, peer: Any, batch: Any) -> None:
    peer.answers.append(answer)
    plugin = make("output", "http", host="127.0.0.1", port=peer.port)
    with pytest.raises(PeerError) as caught:
        await plugin.send(small(batch))
    await plugin.stop()
    assert (caught.value.retry, caught.value.after) == (retry, after)
    assert str(caught.value).startswith(f"HTTP {answer[0] if isinstance(answer, tuple) else answer}")
    assert str(caught.value).isprintable()


async def test_the_answer_stays_untold_where_it_should(make: Any, peer: Any, batch: Any) -> None:
    peer.answers.append((400, "private"))
    plugin = make("output", "http", host="127.0.0.1", port=peer.port, log_response_payload="off")
    with pytest.raises(PeerError, match=r"^HTTP 400$"):
        await plugin.send(small(batch))
    await plugin.stop()


async def test_a_request_for_each_record(make: Any, peer: Any, batch: Any) -> None:
    options = {"body_key": "$raw", "headers_key": "$h", "port": peer.port}
    plugin = make("output", "http", host="127.0.0.1", **options)
    records = [
        {"raw": "one", "h": {"X-A": "1", "Content-Length": "9", "bad name": "x", "n": 5, "X-Two": "a\r\nb"}},
        {"nothing": 1},
        {"raw": "three"},
        {"raw": "four"},
    ]
    peer.answers.extend([200, (400, "no"), 500])
    delivery = await plugin.send(batch(*records))
    assert (delivery.delivered, delivery.dropped) == (1, 2)
    assert (list(delivery.rest), delivery.refused) == ([3], [2]), "of the second there is nothing to send"
    assert delivery.reason == "the record has no text in body_key; HTTP 400: no; HTTP 500"
    delivery = await plugin.send(batch(*records[3:]))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped, len(delivery.rest)) == (1, 0, 0)
    assert [heard.body for heard in peer.heard] == [b"one", b"three", b"four", b"four"]
    headers = peer.heard[0].headers
    assert (headers["X-A"], headers["X-Two"], headers["Content-Length"]) == ("1", "a__b", "3")


async def test_tokens_are_fetched_kept_and_renewed(make: Any, peer: Any, batch: Any) -> None:
    plugin = make(
        "output",
        "http",
        host="127.0.0.1",
        port=peer.port,
        oauth2__enable="on",
        oauth2__token_url=f"http://127.0.0.1:{peer.port}/token?x=1",
        oauth2__client_id="me",
        oauth2__client_secret="h/sh",
        oauth2__scope="logs write",
    )
    peer.answers.extend([(200, '{"access_token":"T1","expires_in":3600}'), 200, 200, 401])
    peer.answers.extend([(200, '{"access_token":"T2","expires_in":"3600"}'), 200])
    for _ in range(3):
        assert (await plugin.send(small(batch))).delivered == 2
    peer.answers.extend([401, (500, "down")])
    with pytest.raises(PeerError, match="no token: HTTP 500: down") as caught:
        await plugin.send(small(batch))
    await plugin.stop()
    assert caught.value.retry
    assert [heard.target for heard in peer.heard] == ["/token?x=1", "/", "/", "/", "/token?x=1", "/", "/", "/token?x=1"]
    assert peer.heard[0].body == b"grant_type=client_credentials&scope=logs+write"
    assert peer.heard[0].headers["Authorization"] == "Basic bWU6aCUyRnNo"
    bearer = [heard.headers["Authorization"] for heard in peer.heard if heard.target == "/"]
    assert bearer == ["Bearer T1", "Bearer T1", "Bearer T1", "Bearer T2", "Bearer T2"]


@pytest.mark.parametrize("answer", ["", "[]", '{"access_token":""}', '{"access_token":"a\\nb"}', '{"access_token":1}'])
async def test_an_answer_without_a_token(answer: str, make: Any, peer: Any, batch: Any) -> None:
    url = f"http://127.0.0.1:{peer.port}/token"
    plugin = make(
        "output",
        "http",
        host="127.0.0.1",
        port=peer.port,
        oauth2__enable="on",
        oauth2__token_url=url,
        oauth2__client_id="me",
        oauth2__client_secret="s",
        oauth2__auth_method="post",
    )
    peer.answers.append((200, answer))
    with pytest.raises(PeerError, match="no token"):
        await plugin.send(small(batch))
    await plugin.stop()
    assert peer.heard[0].body == b"grant_type=client_credentials&client_id=me&client_secret=s"


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"uri": "/a b"}, "uri"),
        ({"body_key": "$a"}, "need each other"),
        ({"body_key": "$a[", "headers_key": "$b"}, "accessor"),
        ({"header": "X-Only"}, "no value"),
        ({"header": "X:Y z"}, "not the name"),
        ({"header_tag": "a b"}, "not the name"),
        ({"proxy": "ftp://x"}, "proxy"),
        ({"compress": "snappy"}, "allowed"),
        ({"oauth2__enable": "on"}, "token_url"),
        ({"oauth2__enable": "on", "oauth2__token_url": "http://h:x/"}, "token_url"),
        ({"oauth2__enable": "on", "oauth2__token_url": "http://h/"}, "client_id"),
        ({"oauth2__enable": "on", "oauth2__token_url": "http://h/", "oauth2__client_id": "a"}, "client_secret"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, str], match: str, make: Any) -> None:
    with pytest.raises(UserError, match=match):
        make("output", "http", **options)


async def test_in_a_pipeline(peer: Any, run_pipeline: Any) -> None:
    row = await run_pipeline("http", {"port": peer.port, "format": "json_lines"}, peer.until(1))
    assert row["delivered"] == 3
    assert sum(heard.body.count(b"\n") for heard in peer.heard) == 3


async def test_in_a_pipeline_with_failures(peer: Any, run_pipeline: Any) -> None:
    peer.answers.extend([503, 429, 200])

    async def two() -> None:
        await peer.until(1)

    row = await run_pipeline("http", {"port": peer.port, "retry_limit": "false"}, two())
    assert (row["delivered"], row["buffered"]) == (3, 0)
    assert row["retried"] >= 3


async def test_in_a_pipeline_what_is_refused_for_good_is_accounted(peer: Any, run_pipeline: Any) -> None:
    peer.default = (413, "too large")
    row = await run_pipeline("http", {"port": peer.port}, peer.until(1))
    assert row["delivered"] == 0
    assert row["dropped"] == {"HTTP 413: too large": 3}


async def test_slow_and_black_holes(make: Any, batch: Any) -> None:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    plugin = make("output", "http", host="127.0.0.1", port=port, http__response_timeout="1")
    with pytest.raises(PeerError, match="no answer within 1 seconds"):
        await plugin.send(small(batch))
    await plugin.stop()
    server.close()


async def test_bodies_are_json(make: Any, peer: Any, batch: Any) -> None:
    plugin = make("output", "http", host="127.0.0.1", port=peer.port, json_date_key="false")
    records = [{"é": "\udc80\x7f", "f": 1.5, "l": [1, {"x": None}]}, {}]
    await plugin.send(batch(*records))
    await plugin.stop()
    assert json.loads(peer.heard[0].body) == [{"é": "\ue080\x7f", "f": 1.5, "l": [1, {"x": None}]}, {}]


async def test_signatures_hold(make: Any, peer: Any, batch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore, given what arrived, comes to the same signature."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    options = {"aws_auth": "on", "aws_service": "aps", "aws_region": "eu-west-1", "uri": "/a/b?c=d%20e"}
    plugin = make("output", "http", host="127.0.0.1", port=peer.port, header="X-A b", **options)
    await plugin.send(small(batch))
    await plugin.stop()
    (heard,) = peer.heard
    given = heard.headers["Authorization"]
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest("POST", f"http://127.0.0.1:{peer.port}{heard.target}", data=heard.body)
    for name in names:
        request.headers[name] = heard.headers[name]
    request.context["timestamp"] = heard.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials("AKID", "hush"), "aps", "eu-west-1")
    assert given.endswith(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))
    assert {"host", "x-a", "x-amz-date", "content-type"} <= set(names)
    with pytest.raises(UserError, match="aws_service"):
        make("output", "http", aws_auth="on", aws_region="eu-west-1")


@pytest.mark.parametrize("form", BODIES)
async def test_numbers_that_are_none_are_null_for_a_server_that_refuses_them(
    form: str, make: Any, peer: Any, batch: Any
) -> None:
    plugin = make("output", "http", host="127.0.0.1", port=peer.port, format=form, compress="gzip")
    odd = batch({"a": float("inf"), "b": [float("nan")], "c": "inf"}, {"log": "neighbour"})
    peer.answers.append(400)
    delivery = await plugin.send(odd)
    assert (delivery.delivered, delivery.dropped) == (2, 0)
    first, second = (heard.body for heard in peer.heard)
    assert b'"a":inf,"b":[nan],"c":"inf"' in first
    assert second == first.replace(b":inf", b":null").replace(b"[nan", b"[null")
    assert odd.records[0]["a"] == float("inf")
    for answers, requests in (([200], 1), ([503], 1), ([400, 400], 2)):
        before = len(peer.heard)
        peer.answers.extend(answers)
        if answers == [200]:
            await plugin.send(odd)
        else:
            with pytest.raises(PeerError):
                await plugin.send(odd)
        assert len(peer.heard) - before == requests
    before = len(peer.heard)
    peer.answers.append(400)
    with pytest.raises(PeerError):
        await plugin.send(small(batch))
    assert len(peer.heard) - before == 1
    await plugin.stop()
