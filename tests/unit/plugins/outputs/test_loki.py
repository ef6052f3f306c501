"""The loki output: streams, lines, tenants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.plugins.outputs.loki.config import Options
from outrider.plugins.outputs.loki.format import Streams

OK = 204


def body(options: dict[str, Any], *records: dict[str, Any], label_map: bytes | None = None) -> Any:
    batch = Batch("app.web", list(range(1, len(records) + 1)), list(records))
    return json.loads(Streams(Options(**options), label_map).encode(batch, escape_unicode=True))["streams"]


def test_one_stream_where_labels_are_fixed() -> None:
    assert body({}, {"a": 1}, {"b": "é\x7f"}) == [
        {"stream": {"job": "fluent-bit"}, "values": [["1", '{"a":1}'], ["2", '{"b":"\\u00e9\\u007f"}']]}
    ]
    tagged = body({"labels": ("job=x", "tag=$TAG", "part=$TAG[1]")}, {}, {})
    assert [stream["stream"] for stream in tagged] == [{"job": "x", "tag": "app.web", "part": "web"}]


def test_records_with_the_same_labels_are_one_stream() -> None:
    options = {"labels": ("level=$level",), "label_keys": ("$k['pod-name'][0]",)}
    records = [{"level": "a", "k": {"pod-name": ["p"]}}, {"level": "b"}, {"level": "a", "k": {"pod-name": ["p"]}}, {}]
    found = [(s["stream"], [time for time, _ in s["values"]]) for s in body(options, *records)]
    assert found == [
        ({"level": "a", "k_pod_name_0": "p"}, ["1", "3"]),
        ({"level": "b"}, ["2"]),
        ({"job": "fluent-bit"}, ["4"]),
    ]


def test_maps_of_labels() -> None:
    record = {"kubernetes": {"labels": {"app.io/x": "1", "9": "n", "no": 5}, "pod": "p"}, "s": "t"}
    (stream,) = body({"auto_kubernetes_labels": True}, record)
    assert stream["stream"] == {"app_io_x": "1", "_9": "n"}
    (stream,) = body({}, record, label_map=b'{"kubernetes":{"pod":"the_pod"},"s":"src"}')
    assert stream["stream"] == {"the_pod": "p", "src": "t"}


def line(options: dict[str, Any], record: dict[str, Any]) -> str:
    text: str = body(options, record)[0]["values"][0][1]
    return text


def test_keys_are_removed_and_labels_with_them() -> None:
    record = {"level": "x", "a": {"b": {"c": 1}, "d": 2}, "e": 3}
    labels = {"labels": ("l=$level",)}
    assert line(labels, record) == '{"level":"x","a":{"b":{"c":1},"d":2},"e":3}'
    assert line({**labels, "remove_keys": ("e", "$a['b']['c']", "$a['no']['no']")}, record) == '{"a":{"b":{},"d":2}}'
    assert record["a"] == {"b": {"c": 1}, "d": 2}


def test_forms_of_lines() -> None:
    record = {"log": 'a "b"', "n": 1.5, "t": True, "z": None, "l": [1, "x"], "m": {"k": "v", "o": 2}}
    kv = {"line_format": "key_value"}
    assert line(kv, record) == 'log="a "b"" n=1.5 t=true z=null l="[1 "x"]" m="map[k:"v" o:2]"'
    assert line({"drop_single_key": "on"}, {"log": 'a"'}) == '"a\\""'
    assert line({"drop_single_key": "raw"}, {"log": 'a"'}) == 'a"'
    assert line({"drop_single_key": "raw"}, {"log": {"x": 1}}) == '{"x":1}'
    assert line({"drop_single_key": "on"}, {"log": "a", "b": 1}) == '{"log":"a","b":1}'
    assert line({**kv, "drop_single_key": "on"}, {"log": "a"}) == "a"
    assert line({**kv, "drop_single_key": "on"}, {"log": 7}) == "7"
    assert line({"drop_single_key": "on", "remove_keys": ("x",)}, {"log": "a", "x": 1}) == '"a"'


def test_structured_metadata() -> None:
    options = {"structured_metadata": ("id=$id", "$u['n']"), "structured_metadata_map_keys": ("$m",)}
    record = {"id": 5, "u": {"n": "x"}, "m": {"a.b": "c", "f": False}}
    values = body(options, record, {})[0]["values"]
    assert values[0][2] == {"id": "5", "u_n": "x", "a.b": "c", "f": "false"}
    assert values[1] == ["2", "{}", {}]


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=6),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text() | st.binary(max_size=5),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
                max_leaves=6,
            ),
            max_size=4,
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["json", "key_value"]),
    st.sampled_from(["off", "on", "raw"]),
)
def test_any_records_make_a_body(records: list[dict[str, Any]], form: str, single: str) -> None:
    options = {"line_format": form, "drop_single_key": single, "labels": ("a=$a",), "remove_keys": ("b",)}
    assert sum(len(stream["values"]) for stream in body(options, *records)) == len(records)


async def test_a_push(make: Any, peer: Any, batch: Any) -> None:
    peer.default = OK
    plugin = make(
        "output", "loki", host="127.0.0.1", port=peer.port, labels="job=x,  l=$l", tenant_id="me", compress="gzip",
        bearer_token="tok", header="X-A b",
    )  # fmt: skip
    assert (await plugin.send(batch({"l": "i"}))).delivered == 1
    await plugin.stop()
    (heard,) = peer.heard
    assert heard.target == "/loki/api/v1/push"
    assert heard.body == (
        b'{"streams":[{"stream":{"job":"x","l":"i"},"values":[["1700000000123456789","{\\"l\\":\\"i\\"}"]]}]}'
    )
    wanted = {"X-Scope-OrgID": "me", "Authorization": "Bearer tok", "X-A": "b", "Content-Type": "application/json"}
    assert {name: heard.headers[name] for name in wanted} == wanted


@pytest.mark.parametrize(("status", "retry"), [(400, False), (404, True), (429, True), (500, True)])
async def test_refused(status: int, retry: bool, make: Any, peer: Any, batch: Any) -> None:
    peer.default = (status, "out of order")
    plugin = make("output", "loki", host="127.0.0.1", port=peer.port)
    with pytest.raises(PeerError, match="out of order") as caught:
        await plugin.send(batch({"a": 1}))
    await plugin.stop()
    assert caught.value.retry is retry


async def test_each_tenant_has_its_own_fate(make: Any, peer: Any, batch: Any) -> None:
    peer.answers.extend([204, (400, "bad"), (503, "", {"Retry-After": "9"})])
    plugin = make("output", "loki", host="127.0.0.1", port=peer.port, tenant_id_key="$t", tenant_id="rest")
    records = [{"t": "a", "n": 1}, {"t": "b\n"}, {"n": 3}, {"t": "a"}, {"t": 5}]
    delivery = await plugin.send(batch(*records))
    assert (delivery.delivered, delivery.dropped) == (2, 1)
    assert (delivery.rest, delivery.refused) == ([2, 4], [1])
    assert [heard.headers["X-Scope-OrgID"] for heard in peer.heard] == ["a", "b_", "rest"]
    peer.default = (503, "", {"Retry-After": "9"})
    with pytest.raises(PeerError) as caught:
        await plugin.send(batch({"t": "a"}, {"t": "b"}))
    await plugin.stop()
    assert (caught.value.retry, caught.value.after) == (True, 9)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"labels": "a"}, "NAME=TEXT"),
        ({"labels": "$1x"}, "name of a label"),
        ({"label_keys": "level"}, r"write \$level"),
        ({"remove_keys": "$a[b]"}, "accessor"),
        ({"label_map_path": "/nowhere"}, "label_map_path"),
        ({"line_format": "text"}, "allowed"),
        ({"uri": "x y"}, "uri"),
        ({"bearer_token": "a\x07"}, "header"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, str], match: str, make: Any) -> None:
    with pytest.raises(UserError, match=match):
        make("output", "loki", **options)


@pytest.mark.parametrize("text", ["[]", '{"a":1}', "{", '"x"'])
def test_a_label_map_that_is_none(text: str, make: Any, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(UserError):
        make("output", "loki", label_map_path=str(path))


async def test_in_a_pipeline(peer: Any, run_pipeline: Any) -> None:
    peer.default = OK
    row = await run_pipeline("loki", {"port": peer.port}, peer.until(1))
    assert row["delivered"] == 3
