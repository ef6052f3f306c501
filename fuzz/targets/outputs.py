"""Whatever a record may hold: through every filter, and in every form that outputs write."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from fuzz.target import steered, target
from fuzz.targets.syslog import NOW
from outrider.aws.client import AwsClient
from outrider.aws.endpoints import Endpoint
from outrider.formats import json, msgpack, text
from outrider.model.batch import Batch
from outrider.model.errors import LocalError, PeerError
from outrider.net.http import Answer, HttpClient
from outrider.net.upstream import Upstream
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import from_file
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.file import format as file_format
from outrider.plugins.outputs.kafka import format as kafka_format
from outrider.plugins.outputs.kafka.config import Options as KafkaOptions
from outrider.plugins.outputs.s3 import format as s3_format
from outrider.plugins.outputs.s3.config import Options as S3Options
from outrider.plugins.outputs.uplink import rows
from outrider.protocols.forward import layout

_AWS: Final = "region us-east-1\n"
_SECTIONS: Final = (
    "name es\nlogstash_format on\ngenerate_id on\nreplace_dots on\ninclude_tag_key on\nlogstash_prefix_key $k['x']",
    "name opensearch\nindex a-$k-%Y\nid_key $a\nwrite_operation upsert",
    "name http\nformat gelf",
    "name http\nformat msgpack\ncompress gzip",
    "name http\nbody_key $a\nheaders_key $b",
    "name loki\nlabels job=x, $k, $b['x']\nremove_keys a, $b['x']\nline_format key_value\ntenant_id_key k",
    "name loki\nauto_kubernetes_labels off\ndrop_single_key on\nlabel_keys $a",
    "name splunk\nsplunk_token x\nevent_key $a\nevent_host $k\nevent_field x $b['x']",
    "name splunk\nsplunk_token x\nsplunk_send_raw on",
    "name datadog\napikey x\nprovider ecs\ninclude_tag_key on",
    "name nrlogs\napi_key x",
    "name opentelemetry\nlogs_body_key $a\nlogs_body_key_attributes on",
    "name opentelemetry",
    f"name kinesis_firehose\ndelivery_stream s\ntime_key t\n{_AWS}",
    f"name kinesis_streams\nstream s\nlog_key a\n{_AWS}",
    f"name firehose\ndelivery_stream s\nsimple_aggregation on\nreplace_dots _\n{_AWS}",
    f"name kinesis\nstream s\npartition_key b->x\naggregation on\ncompression zlib\n{_AWS}",
    f"name cloudwatch_logs\nlog_group_name g\nlog_stream_prefix s\nlog_group_template $a\n"
    f"log_stream_template $b['x']\n{_AWS}",
    f"name cloudwatch\nlog_group_name $(a)\nlog_stream_name $(b['x'])\n{_AWS}",
    "name tcp\nformat json_lines",
    "name tcp\nraw_message_key $a",
    "name syslog\nmode tcp\nsyslog_message_key a\nsyslog_severity_key b\nsyslog_hostname_key k\nsyslog_sd_key b",
    "name syslog\nmode tcp\nsyslog_format rfc3164\nsyslog_message_key a\nsyslog_appname_key b\n"
    "syslog_procid_key k\nsyslog_maxsize 64",
)
_FILTERS: Final = (
    "name grep\nregex a ^x\nexclude $b['x'] y",
    "name modify\nrename a z\nhard_copy b c\nadd n 1\nremove_wildcard q\ncondition key_value_matches a .*",
    "name nest\noperation nest\nwildcard a*\nnest_under n\nadd_prefix p_",
    "name nest\noperation lift\nnested_under b\nadd_prefix p_",
    "name record_modifier\nrecord x y\nremove_key a\nuuid_key u",
    "name record_modifier\nallowlist_key a",
    "name type_converter\nint_key a b string\nstr_key k c float\nint_key b e float",
    "name parser\nkey_name a\nparser json\nreserve_data on\npreserve_key on",
    "name parser\nkey_name a\nparser logfmt",
    "name rewrite_tag\nrule $a ^(.*)$ x.$TAG[0].$1.$b['x'] false",
    "name content_modifier\naction convert\nkey a\nconverted_type int",
    "name content_modifier\naction extract\nkey a\npattern ^(?<p>.)",
    "name content_modifier\naction hash\nkey a",
    "name expect\nkey_exists a\nkey_val_eq a x\naction warn",
    "name log_to_metrics\nmetric_mode histogram\nmetric_name m\nmetric_description d\n"
    "value_field a\nlabel_field k\ntag t",
    "name throttle\nrate 1\nwindow 2",
    "name multiline\nmultiline.key_content a\nmultiline.parser java, python",
)


class _StandIn:
    """Stands for a client or a connection: every request is answered with ``answer``."""

    name = "emitter"

    def __init__(self) -> None:
        self.answer = Answer(200, {}, b"")
        self.endpoint = Endpoint("localhost", 443, True)

    async def request(self, *arguments: Any, **named: Any) -> Answer:
        return self.answer

    async def call(self, *arguments: Any, **named: Any) -> Answer:
        return self.answer

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[_StandIn, bool]]:
        yield self, False

    async def write(self, *blocks: bytes) -> None:
        assert all(type(block) is bytes for block in blocks)

    def emit(self, tag: str, times: list[int], records: list[Any], metadata: list[Any] | None = None) -> None:
        assert isinstance(tag, str)
        msgpack.encode([times, records, metadata])


class _Files:
    def __init__(self, content: str) -> None:
        self._content = content

    def read(self, path: str) -> str:
        return self._content

    def identity(self, path: str) -> str:
        return path

    def glob(self, pattern: str) -> list[str]:
        return []


def _plugins(kind: str, sections: tuple[str, ...]) -> list[Any]:
    content = "".join(
        [
            f"[{kind}]\n" + "".join([f"    {line}\n" for line in f"{section}\nmatch *".splitlines()])
            for section in sections
        ]
    )
    log = Log(Sink(io.StringIO(), 0), "fuzz")
    configuration = from_file("main.conf", _Files(content), lambda message: None)
    service = build.read_service(configuration, {}, log)
    return [item.plugin for item in build.plan(configuration, service, {}, log).instances if item.kind == kind]


def _replaced(holder: Any, stand_in: _StandIn, depth: int = 1) -> None:
    """Put the stand-in where a plugin keeps its client."""
    for name, value in list(vars(holder).items()):
        if isinstance(value, HttpClient | AwsClient | Upstream):
            setattr(holder, name, stand_in)
        elif depth and type(value).__module__.startswith("outrider.aws") and hasattr(value, "__dict__"):
            _replaced(value, stand_in, depth - 1)


PEER: Final = _StandIn()
OUTPUTS: Final = _plugins("output", _SECTIONS)
_FILTER_PLUGINS: Final = _plugins("filter", _FILTERS)
for _plugin in OUTPUTS:
    _replaced(_plugin, PEER)
for _plugin in _FILTER_PLUGINS:
    _plugin.emitter = PEER


def deliver(plugin: Any, batch: Batch, answer: Answer) -> Delivery | None:
    """What becomes of a batch that is answered so; None: all of it must be tried again, or is dropped."""
    PEER.answer = answer
    try:
        done = _run(plugin.send(batch))
    except (PeerError, LocalError):
        return None
    again = len(done.rest)
    assert done.delivered + done.dropped + again == len(batch)
    assert not (done.dropped or again) or done.reason
    return done


def _run(work: Coroutine[Any, Any, Delivery]) -> Delivery:
    """Run what never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        result: Delivery = end.value
        return result
    raise AssertionError("it waits for something")


def batch_of(raw: bytes) -> Batch | None:
    """The entries, or the record alone, at the beginning of some msgpack, as an input would hand them on."""
    for packed in (raw, b"\x92\x01" + raw):
        count, end, _ = layout.count_entries(packed)
        if count:
            times, records, metadata, _ = msgpack.split_events(msgpack.decode_values([packed[:end]], count))
            return Batch("app.one", times, records, metadata, id="ab" * 16) if records else None
    return None


def _event(record: Mapping[str, Any]) -> bytes:
    return msgpack.encode([msgpack.event_time(NOW), dict(record)])


def _nested(depth: int, *, undecodable: bool = False) -> bytes:
    return b"\x92\x01\x82\xa1k\xa1" + (b"\xff" if undecodable else b"x") + b"\xa1a" + b"\x91" * depth + b"\x90"


_SEEDS: Final = (
    _nested(900),
    _nested(1015, undecodable=True),
    _event({"a": "x y", "b": {"x": "1", "y": [1.5, None]}, "k": True}),
    b"\x92\xcb\x41\xd9\x54\xfc\x40\x00\x00\x00\x83\xa1a\xa2\xff\xfe\xa1b\x81\xa1x\xc4\x02\x00\xff\xa1k\xcf"
    + b"\xff" * 8,
    b"\x92\xd3" + b"\x80" + bytes(7) + b"\x83\xa1a\xa3\xed\xa0\x80\xc0\xcb\x7f\xf0" + bytes(6) + b"\x01\xd4\x05x",
    b"\x92\x01\x82\xa1a\xcb\x7f\xf8" + bytes(6) + b"\xa1b\x81\xc3\x90",
)


@target("records.outputs", *[bytes([n]) + seed for n in (0, 9, 17) for seed in _SEEDS], weight=40)
def records_out(data: bytes) -> None:
    """Any records through any output."""
    steer, raw = steered(data)
    batch = batch_of(raw)
    if batch is None:
        return
    answer = Answer(200, {"x-amzn-RequestId": "1", "ETag": "x"}, b'{"errors":false}')
    deliver(OUTPUTS[steer % len(OUTPUTS)], batch, answer)


@target("records.formats", *_SEEDS, weight=40)
def records_formatted(data: bytes) -> None:
    """Any records in the forms of outputs that have no peer."""
    batch = batch_of(data)
    if batch is None:
        return
    times, records = batch.times, batch.records
    for form in json.DATE_FORMATS:
        json.encode_lines(times, records, "date", form, escape_unicode=form != "epoch", nan_to_null=form == "epoch")
    objects = json.encode_each(records, [("a", [b"1"] * len(records))])
    assert len(objects) == len(records)
    text.stdout_lines("t", times, records, batch.metadata)
    text.file_lines("t", times, records)
    text.csv_lines(times, records)
    text.csv_header(records[0])
    text.ltsv_lines(times, records)
    text.template_lines(times, records, "{time} {a} {b}")
    file_format.file_name(batch.tag)
    messages = kafka_format.Messages(_KAFKA)
    assert len(messages.values(batch, escape_unicode=False)) == len(messages.keys(batch)) == len(batch)
    messages.topics(batch)
    s3_format.encode(batch, _S3, escape_unicode=True)
    assert sum(len(part) for _, part in rows.parts(batch, "task")) == len(batch)


_KAFKA: Final = KafkaOptions(topics=("a",), topic_key="a", message_key_field="a", dynamic_topic=True, format="gelf")
_S3: Final = S3Options(bucket="b", log_key="a")


@target("records.filters", *[bytes([n]) + seed for n in (1, 7, 9) for seed in _SEEDS], weight=40)
def records_filtered(data: bytes) -> None:
    """Any records through any filter; what comes out still has a form."""
    steer, raw = steered(data)
    batch = batch_of(raw)
    if batch is None:
        return
    before = len(batch)
    plugin = _FILTER_PLUGINS[steer % len(_FILTER_PLUGINS)]
    plugin.apply(batch)
    plugin.flush(NOW, last=True)
    assert len(batch.records) == len(batch.times) <= before
    msgpack.encode([batch.times, batch.records, batch.metadata])
