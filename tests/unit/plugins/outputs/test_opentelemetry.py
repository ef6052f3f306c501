"""The opentelemetry output; the messages are read back by the library of their makers."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.plugins.outputs.opentelemetry.config import Options
from outrider.plugins.outputs.opentelemetry.format import Encoder, any_value, rejected

TIME = 1_700_000_000_123_456_789


def plain(value: AnyValue) -> Any:
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [plain(item) for item in value.array_value.values]
        case "kvlist_value":
            return {pair.key: plain(pair.value) for pair in value.kvlist_value.values}
        case kind:
            return getattr(value, kind)


def logs(data: bytes) -> Any:
    (resource,) = ExportLogsServiceRequest.FromString(data).resource_logs
    (scope,) = resource.scope_logs
    return scope.log_records


def one(options: dict[str, Any], record: dict[str, Any], meta: dict[str, Any] | None = None) -> Any:
    batch = Batch("t", [TIME], [record], None if meta is None else [meta])
    (log,) = logs(Encoder(Options(**options)).encode(batch, 0, 1))
    return log


def attributes(log: Any) -> dict[str, Any]:
    return {pair.key: plain(pair.value) for pair in log.attributes}


def test_bodies() -> None:
    log = one({}, {"log": "hé", "n": 1})
    assert (log.time_unix_nano, plain(log.body), attributes(log)) == (TIME, "hé", {})
    assert plain(one({}, {"message": "m"}).body) == "m"
    record = {"i": -5, "f": 1.5, "b": True, "z": None, "y": b"\xff", "l": [1, [2]], "m": {"k": "v"}, "big": 1 << 64}
    assert plain(one({}, record).body) == {**record, "big": float(1 << 64)}
    log = one({"logs_body_key": ("$no", "$m['t']"), "logs_body_key_attributes": True}, {"m": {"t": "x"}, "a": 1})
    assert (plain(log.body), attributes(log)) == ("x", {"a": 1})
    log = one({"logs_body_key_attributes": True}, {"a": 1})
    assert (plain(log.body), attributes(log)) == ({"a": 1}, {})


def test_fields_of_the_record() -> None:
    log = one(
        {"logs_severity_text_message_key": "$level"},
        {"log": "x", "level": "warn", "SeverityNumber": 13, "TraceId": "0a" * 16, "SpanId": "0B" * 4},
    )
    assert (log.severity_text, log.severity_number) == ("warn", 13)
    assert (log.trace_id, log.span_id) == (b"\x0a" * 16, b"\x0b" * 4 + b"\0" * 4)
    log = one({}, {"log": "x", "SeverityNumber": 25, "SeverityText": 5, "TraceId": "xy", "SpanId": b"short"})
    assert (log.severity_text, log.severity_number, log.trace_id, log.span_id) == ("", 0, b"", b"")


def test_metadata() -> None:
    otlp = {
        "timestamp": 5, "observed_timestamp": 6, "severity_number": 9, "severity_text": "INFO", "trace_flags": 1,
        "trace_id": b"\1" * 16, "span_id": b"\2" * 8, "attributes": {"k": [True]},
    }  # fmt: skip
    log = one({}, {"log": "x", "SeverityNumber": 1}, {"otlp": otlp, "own": "y"})
    assert (log.time_unix_nano, log.observed_time_unix_nano, log.flags) == (5, 6, 1)
    assert (log.severity_number, log.severity_text) == (9, "INFO")
    assert (log.trace_id, log.span_id) == (b"\1" * 16, b"\2" * 8)
    assert attributes(log) == {"own": "y", "k": [True]}
    log = one({}, {"log": "x"}, {"Timestamp": 7, "Attributes": {"a": 1}})
    assert log.time_unix_nano == 7
    assert attributes(log)["a"] == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_any_value_is_readable(value: Any) -> None:
    AnyValue.FromString(any_value(value))


def test_odd_values() -> None:
    deep: Any = "end"
    for _ in range(200):
        deep = [deep]
    assert AnyValue.FromString(any_value(deep)).WhichOneof("value") == "array_value"
    assert AnyValue.FromString(any_value("a\udcff")).string_value == "a\ufffd"
    assert AnyValue.FromString(any_value(-(10**400))).double_value == -math.inf
    assert plain(AnyValue.FromString(any_value({5: 1}))) == {"5": 1}


def test_answers() -> None:
    answer = ExportLogsServiceResponse(
        partial_success=ExportLogsPartialSuccess(rejected_log_records=3, error_message="too\nold")
    )
    assert rejected(answer.SerializeToString()) == (3, "too old")
    assert rejected(b"") == (0, "")


async def test_a_request(make: Any, peer: Any, batch: Any) -> None:
    plugin = make(
        "output", "opentelemetry", host="127.0.0.1", port=peer.port, compress="gzip", header="X-A b", batch_size="2"
    )
    delivery = await plugin.send(batch(*[{"log": str(n)} for n in range(5)]))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped) == (5, 0)
    assert [len(logs(heard.body)) for heard in peer.heard] == [2, 2, 1]
    assert peer.heard[0].target == "/v1/logs"
    assert (peer.heard[0].headers["Content-Type"], peer.heard[0].headers["X-A"]) == ("application/x-protobuf", "b")


async def test_partial_success_and_failures_on_the_way(make: Any, peer: Any, batch: Any) -> None:
    partial = ExportLogsServiceResponse(
        partial_success=ExportLogsPartialSuccess(rejected_log_records=1, error_message="old")
    ).SerializeToString()
    peer.answers.extend([(200, partial), (400, "bad"), (503, "busy")])
    plugin = make("output", "opentelemetry", host="127.0.0.1", port=peer.port, batch_size="2")
    six = batch(*[{"log": str(n)} for n in range(6)])
    delivery = await plugin.send(six)
    assert (delivery.delivered, delivery.dropped) == (1, 3)
    assert delivery.reason == "rejected: old; HTTP 400: bad; HTTP 503: busy"
    assert (list(delivery.rest), delivery.refused) == ([4, 5], [2, 3])
    peer.answers.append((429, "", {"Retry-After": "3"}))
    with pytest.raises(PeerError) as caught:
        await plugin.send(six.part(delivery.rest))
    await plugin.stop()
    assert caught.value.after == 3


async def test_of_a_part_that_is_rejected_whole_the_records_are_known(make: Any, peer: Any, batch: Any) -> None:
    partial = ExportLogsServiceResponse(partial_success=ExportLogsPartialSuccess(rejected_log_records=2))
    peer.answers.extend([200, (200, partial.SerializeToString())])
    plugin = make("output", "opentelemetry", host="127.0.0.1", port=peer.port, batch_size="2")
    delivery = await plugin.send(batch(*[{"log": str(n)} for n in range(4)]))
    await plugin.stop()
    assert (delivery.delivered, delivery.dropped, delivery.refused) == (2, 2, [2, 3])


async def test_in_a_pipeline(peer: Any, run_pipeline: Any) -> None:
    row = await run_pipeline("opentelemetry", {"port": peer.port}, peer.until(1))
    assert row["delivered"] == 3


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"grpc": "on"}, "grpc"),
        ({"http2": "force"}, "http2"),
        ({"batch_size": "0"}, "batch_size"),
        ({"logs_body_key": "$a["}, "accessor"),
        ({"logs_uri": "a b"}, "logs_uri"),
        ({"aws_auth": "on"}, "aws_region"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, str], match: str, make: Any) -> None:
    with pytest.raises(UserError, match=match):
        make("output", "opentelemetry", **options)
