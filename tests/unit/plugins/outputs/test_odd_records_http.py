"""The outputs of the HTTP family write every record that an input can hand in, as JSON that can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.plugins.outputs.odd import odd_records

from outrider.formats import msgpack
from outrider.formats.bulk import Bulk, BulkForm
from outrider.model.batch import Batch
from outrider.plugins.outputs.datadog.config import Options as DatadogOptions
from outrider.plugins.outputs.datadog.format import encode as datadog
from outrider.plugins.outputs.http.config import Options as HttpOptions
from outrider.plugins.outputs.http.format import encode as http
from outrider.plugins.outputs.kafka.config import Options as KafkaOptions
from outrider.plugins.outputs.kafka.format import Messages
from outrider.plugins.outputs.loki.config import Options as LokiOptions
from outrider.plugins.outputs.loki.format import Streams
from outrider.plugins.outputs.nrlogs.format import encode as nrlogs
from outrider.plugins.outputs.opentelemetry.config import Options as OtelOptions
from outrider.plugins.outputs.opentelemetry.format import Encoder
from outrider.plugins.outputs.splunk.config import Options as SplunkOptions
from outrider.plugins.outputs.splunk.format import Events
from outrider.plugins.outputs.tcp.config import Options as TcpOptions
from outrider.plugins.outputs.tcp.format import encode as tcp

ES = {"include_tag_key": True, "id_key": "a", "replace_dots": True, "logstash_format": True, "logstash_prefix_key": "b"}
LOKI = {"labels": ("a=$a", "c=$b['a']"), "remove_keys": ("b",), "structured_metadata_map_keys": ("$a",)}
SPLUNK = {"event_key": "$a", "event_host": "$b", "event_field": ("x $a",)}
KAFKA = {"topic_key": "a", "message_key_field": "b", "dynamic_topic": True, "raw_log_key": "a"}


def kafka(batch: Batch, form: str) -> object:
    messages = Messages(KafkaOptions(format=form, gelf_short_message_key="a", **KAFKA))  # type: ignore[arg-type]
    return messages.keys(batch), messages.topics(batch), messages.values(batch, escape_unicode=False)


LINES: dict[str, Callable[[Batch], bytes]] = {
    "gelf": lambda batch: http(batch, HttpOptions(format="gelf", gelf_short_message_key="a"), escape_unicode=True)[0],
    "es": lambda batch: Bulk(BulkForm(**ES)).encode(batch, 0, escape_unicode=False),
    "es ids": lambda batch: Bulk(BulkForm(generate_id=True, index="$a-%Y")).encode(batch, 0, escape_unicode=True),
    "loki": lambda batch: Streams(LokiOptions(**LOKI)).encode(batch, escape_unicode=True),
    "loki plain": lambda batch: Streams(LokiOptions(line_format="key_value", drop_single_key="on")).encode(
        batch, escape_unicode=False
    ),
    "splunk raw": lambda batch: Events(SplunkOptions(splunk_send_raw=True)).encode(batch, escape_unicode=True),
    "datadog": lambda batch: datadog(
        batch, DatadogOptions(provider="ecs", dd_message_key="a"), 0, len(batch), escape_unicode=True
    ),
    "nrlogs": lambda batch: nrlogs(batch, escape_unicode=False),
}
OTHERS: dict[str, Callable[[Batch], object]] = {
    "http": lambda batch: http(batch, HttpOptions(), escape_unicode=True),
    "http msgpack": lambda batch: http(batch, HttpOptions(format="msgpack"), escape_unicode=True),
    "tcp": lambda batch: tcp(batch, TcpOptions(), escape_unicode=True),
    "splunk": lambda batch: Events(SplunkOptions(**SPLUNK)).encode(batch, escape_unicode=False),
    "otlp": lambda batch: Encoder(OtelOptions()).encode(batch, 0, len(batch)),
    "otlp attributes": lambda batch: Encoder(
        OtelOptions(logs_body_key=("$a",), logs_body_key_attributes=True, logs_trace_id_message_key="$b")
    ).encode(batch, 0, len(batch)),
    **{f"kafka {form}": lambda batch, form=form: kafka(batch, form) for form in ("json", "msgpack", "gelf", "raw")},
}

records = st.lists(odd_records("a", "b", "log", "container_name", "id"), min_size=1, max_size=3)
times = st.integers(-msgpack.TIME_MAX, msgpack.TIME_MAX)


@pytest.mark.parametrize("name", LINES)
@given(made=records, time=times, metadata=st.booleans())
@settings(max_examples=60, deadline=None)
def test_lines_of_json(name: str, made: list[dict[Any, Any]], time: int, metadata: bool) -> None:
    batch = Batch("t\udcff.x", [time] * len(made), made, [{"m": 1}] * len(made) if metadata else None)
    for line in LINES[name](batch).split(b"\n"):
        assert not line or json.loads(line, parse_constant=pytest.fail) is not None


@pytest.mark.parametrize("name", OTHERS)
@given(made=records, time=times, metadata=st.booleans())
@settings(max_examples=60, deadline=None)
def test_other_forms(name: str, made: list[dict[Any, Any]], time: int, metadata: bool) -> None:
    OTHERS[name](Batch("t", [time] * len(made), made, [*made] if metadata else None))


@pytest.mark.parametrize("name", [*LINES, *OTHERS])
def test_deep_records(name: str) -> None:
    record: Any = {"a": 1}
    for _ in range(300):
        record = {"a": record, "b": [1]}
    assert {**LINES, **OTHERS}[name](Batch("app", [0], [record])) is not None
