"""Bulk requests to the byte, and what their answers mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.bulk import Bulk, BulkForm, judge
from outrider.model.batch import Batch

NOW = 1_795_253_400  # 2026-11-21
TIME = 1_700_000_000_123_456_789  # 2023-11-14T22:13:20
VECTORS = Path(__file__).resolve().parents[3].parent / "shared" / "vectors" / "fluentbit.json"


def lines(
    form: dict[str, Any], *records: dict[str, Any], times: list[int] | None = None, tag: str = "app.web"
) -> list[str]:
    batch = Batch(tag, times or [TIME] * len(records), list(records))
    made = Bulk(BulkForm(**form)).encode(batch, NOW, escape_unicode=True)
    assert made.endswith(b"\n")
    return made.decode().split("\n")[:-1]


@pytest.mark.golden
def test_vector() -> None:
    (vector,) = [v for v in json.loads(VECTORS.read_text())["output_lines"] if v["output"] == "es"]
    record = dict(vector["record"]["pairs"])
    batch = Batch(vector["tag"], [vector["sec"] * 10**9 + vector["nsec"]], [record])
    form = BulkForm(index=vector["index"], suppress_type_name=True, write_operation=vector["write_operation"])
    assert Bulk(form).encode(batch, NOW, escape_unicode=True).decode() == vector["out"]


def test_the_type_is_sent_unless_it_is_suppressed() -> None:
    assert lines({}, {"a": 1}, {}) == [
        '{"create":{"_index":"fluent-bit","_type":"_doc"}}',
        '{"@timestamp":"2023-11-14T22:13:20.123Z","a":1}',
        '{"create":{"_index":"fluent-bit","_type":"_doc"}}',
        '{"@timestamp":"2023-11-14T22:13:20.123Z"}',
    ]


SHORT = {"suppress_type_name": True}


def test_times_and_tags() -> None:
    form = {"time_key": "t", "time_key_format": "%d/%m", "time_key_nanos": True, "include_tag_key": True, **SHORT}
    assert lines(form, {"a": "é"})[1] == '{"t":"14/11.123456789Z","flb-key":"app.web","a":"\\u00e9"}'
    assert lines(form, {"flb-key": 1, "t": 2})[1] == '{"flb-key":1,"t":2}'
    assert lines({**form, "current_time_index": True}, {})[1] == '{"t":"21/11.000000000Z","flb-key":"app.web"}'


def names(form: dict[str, Any], *records: dict[str, Any], times: list[int] | None = None) -> list[str]:
    return [json.loads(line)["create"]["_index"] for line in lines({**form, **SHORT}, *records, times=times)[::2]]


def test_indices() -> None:
    assert names({"index": "logs-%Y.%m"}, {}) == ["logs-2026.11"]
    assert names({"index": "l-$k['n']-$TAG[1]"}, {"k": {"n": "x"}}, {}) == ["l-x-web", "l--web"]
    day = 86_400 * 10**9
    logstash = {"logstash_format": True}
    assert names(logstash, {}, {}) == ["logstash-2023.11.14"] * 2
    assert names(logstash, {}, {}, times=[TIME, TIME + day]) == ["logstash-2023.11.14", "logstash-2023.11.15"]
    assert names({**logstash, "current_time_index": True}, {}) == ["logstash-2026.11.21"]
    prefixed = {**logstash, "logstash_prefix_key": "app", "logstash_prefix_separator": "_", "logstash_dateformat": "%j"}
    assert names(prefixed, {"app": "web"}, {"app": "y" * 200}, {}) == ["web_318", "y" * 128 + "_318", "logstash_318"]


def test_ids() -> None:
    with_key = {"id_key": "id", **SHORT}
    assert lines(with_key, {"id": 'a"b'}, {"id": 7}, {})[::2] == [
        '{"create":{"_index":"fluent-bit","_id":"a\\"b"}}',
        '{"create":{"_index":"fluent-bit"}}',
        '{"create":{"_index":"fluent-bit"}}',
    ]
    assert lines(with_key, {"id": 'x"}}\n{"delete":{}}'})[0] == '{"create":{"_index":"fluent-bit"}}'
    made = lines({"generate_id": True}, {"a": 1}, {"a": 1}, {"a": 2}, times=[TIME, TIME + 1, TIME])[::2]
    ids = [json.loads(line)["create"]["_id"] for line in made]
    assert len(set(ids)) == 3
    assert all([len(part) for part in one.split("-")] == [8, 4, 4, 4, 12] for one in ids)
    assert made == lines({"generate_id": True}, {"a": 1}, {"a": 1}, {"a": 2}, times=[TIME, TIME + 1, TIME])[::2]


def test_operations() -> None:
    for operation, action, before in (
        ("index", "index", ""),
        ("update", "update", '{"doc":'),
        ("upsert", "update", '{"doc_as_upsert":true,"doc":'),
    ):
        head, body = lines({"write_operation": operation, "id_key": "id", **SHORT}, {"id": "1"})
        assert head == f'{{"{action}":{{"_index":"fluent-bit","_id":"1"}}}}'
        assert body.startswith(before + '{"@timestamp"')
        assert json.loads(body)
    with pytest.raises(ValueError, match="id_key"):
        Bulk(BulkForm(write_operation="update"))


def test_updates_need_ids() -> None:
    batch = Batch("t", [TIME] * 5, [{"id": "a"}, {}, {"id": 5}, {"id": "a\nb"}, {"id": ""}])
    assert Bulk(BulkForm(write_operation="update", id_key="id")).without_id(batch) == [1, 2, 3, 4]
    assert Bulk(BulkForm(id_key="id")).without_id(batch) == []
    assert Bulk(BulkForm(write_operation="upsert", generate_id=True)).without_id(batch) == []


def test_dots() -> None:
    record = {"a.b": {"c.d": [{"e.f": "g.h"}]}}
    assert json.loads(lines({"replace_dots": True}, record)[1])["a_b"] == {"c_d": [{"e_f": "g.h"}]}
    assert record == {"a.b": {"c.d": [{"e.f": "g.h"}]}}


def item(status: int, **error: str) -> dict[str, Any]:
    return {"create": {"_index": "x", "status": status, **({"error": error} if error else {})}}


def answer(*items: dict[str, Any], errors: bool = True) -> bytes:
    return json.dumps({"took": 3, "errors": errors, "items": items}).encode()


def test_each_record_has_its_fate() -> None:
    verdict = judge(
        answer(
            item(201),
            item(409, type="version_conflict_engine_exception", reason="exists"),
            item(400, type="mapper_parsing_exception", reason="failed to\nparse"),
            item(429, type="es_rejected_execution_exception", reason="full"),
            item(503, type="unavailable_shards_exception", reason="down"),
            item(403, type="cluster_block_exception", reason="index read-only"),
            item(404, type="index_not_found_exception", reason="no such index"),
        ),
        7,
    )
    assert verdict.retry == [3, 4, 5]
    assert verdict.dropped == [2, 6]
    assert verdict.reason.startswith("400 mapper_parsing_exception: failed to parse; 429 es_rejected")


def test_answers_without_errors() -> None:
    for body in (
        answer(errors=False),
        b'{"errors":false,"items":[]}',
        b'{ "errors" : false }',
        b'{"took":1,"errors":false,"items":[{',
    ):
        assert judge(body, 5).retry == judge(body, 5).dropped == []


@pytest.mark.parametrize(
    "body", [b"", b"ok", b"[]", b"{}", b'{"errors":1}', b"\xff", answer(item(400)), b'{"errors":true,"items":[{']
)
def test_answers_that_are_none(body: bytes) -> None:
    with pytest.raises(ValueError):
        judge(body, 5)


@given(st.binary(max_size=200) | st.builds(lambda b: b'{"errors":true,"items":[' + b, st.binary(max_size=80)))
def test_hostile_answers_raise_only_value_errors(body: bytes) -> None:
    try:
        verdict = judge(body, 2)
    except ValueError:
        return
    assert len(verdict.retry) + len(verdict.dropped) <= 2


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=5) | st.just("@timestamp"),
            st.none() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
            max_size=4,
        ),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["create", "update"]),
)
def test_every_batch_is_lines_of_json(
    records: list[dict[str, Any]], logstash: bool, dots: bool, operation: str
) -> None:
    form = {"logstash_format": logstash, "replace_dots": dots, "generate_id": True, "write_operation": operation}
    made = lines(form, *records)
    assert len(made) == 2 * len(records)
    for line in made:
        assert isinstance(json.loads(line), dict)
