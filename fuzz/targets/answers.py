"""What servers answer: bulk requests, AWS, metadata, tokens, dates."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from fuzz.target import steered, target
from fuzz.targets.outputs import OUTPUTS, batch_of, deliver
from outrider.aws import faults, logs, metadata, objects, put_records, sts
from outrider.formats import bulk
from outrider.formats import protobuf as pb
from outrider.model.errors import PeerError
from outrider.net.http import Answer, refusal, retry_after
from outrider.net.oauth2 import token_in
from outrider.plugins.outputs.opentelemetry.format import rejected

_BULK: Final = (
    b'\x02{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"x","reason":"y"}}}]}',
    b'\x01{"errors":true,"items":[{"create":{"status":429,"error":"x"}}]}',
    b'\x00{"errors":true,"items":[],"x":' + b"[" * 600,
)
_PUT: Final = (
    b'\x02{"FailedPutCount":1,"RequestResponses":[{"RecordId":"x"},{"ErrorCode":"ServiceUnavailableException"}]}',
    b'\x01{"FailedRecordCount":1,"Records":[{"ErrorCode":"x","ErrorMessage":"y"}]}',
    b'\x03{"rejectedLogEventsInfo":{"tooOldLogEventEndIndex":1,"tooNewLogEventStartIndex":2}}',
)
_XML: Final = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>x &amp; y</Message></Error>",
    b"<InitiateMultipartUploadResult><UploadId>x&quot;</UploadId></InitiateMultipartUploadResult>",
    b"<AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken><Expiration>d</Expiration>",
)
_DATES: Final = (
    b"120",
    b"Wed, 21 Oct 2015 07:28:00 GMT",
    b"Fri, 31 Dec 9999 23:59:59 -2359",
    b"0",
    b"Mon, 1 Jan 1 0:0 +9999",
)
_METADATA: Final = (
    b'{"Cluster":"a/b","ContainerInstanceArn":"x/y","Version":"1"}',
    b'{"Tasks":[{"Arn":"a/b","Containers":[{"DockerId":"x","DockerName":"n","Name":"m"}]}]}',
    b'{"Cluster":"c","TaskARN":"arn:aws:ecs:r:1:task/x/y","Family":"f","Containers":[{"DockerId":"x","Networks":'
    b'[{"IPv4Addresses":["10.0.0.1"]}]}],"TaskTags":{"a":"b"}}',
    b'{"accountId":"1","x":' + b"[" * 600,
)


@target("answer.bulk", *_BULK, weight=20)
def bulk_answer(data: bytes) -> None:
    """Elasticsearch and OpenSearch: every record is in, dropped, or tried again, once."""
    count, body = steered(data)
    try:
        verdict = bulk.judge(body, count)
    except ValueError:
        return
    told = [*verdict.retry, *verdict.dropped]
    assert len(set(told)) == len(told) <= count
    assert all(0 <= number < count for number in told)
    assert not told or verdict.reason


@target("answer.aws", *_PUT, *[b"\x02" + body for body in _XML], weight=20)
def aws_answer(data: bytes) -> None:
    """Firehose, Kinesis, CloudWatch Logs, S3, STS: partial failures and errors."""
    count, body = steered(data)
    for kind in (put_records.FIREHOSE, put_records.STREAMS):
        try:
            failed = put_records.refused(body, kind, count)
        except PeerError:
            continue
        assert all(0 <= at < count for at in failed)
    lost = logs.refused(body, count)
    places = [at for span in lost.values() for at in range(count)[span]]
    assert len(places) == len(set(places))
    assert all(range(count)[span] for span in lost.values())
    for headers in ({}, {"x-amzn-ErrorType": body[:40].decode("latin-1")}):
        said = faults.fault(400 + count, headers, body)
        assert isinstance(str(said), str)
        assert said.throttled in (True, False)
        assert said.unauthorized in (True, False)
    for read in (objects.upload_id, lambda content: sts._reply(content, "STS")):
        with contextlib.suppress(PeerError):
            read(body)


@target("answer.http", *_DATES, longest=256)
def http_answer(data: bytes) -> None:
    """Statuses and Retry-After."""
    steer, rest = steered(data)
    for text in (data, rest):
        answer = Answer(100 + 2 * steer, {"Retry-After": text.decode("latin-1")}, data)
        assert 0 <= retry_after(answer) <= 3600
        error = refusal(answer)
        assert error is None or (str(error).isprintable() and 0 <= error.after <= 3600)


@target("answer.metadata", *_METADATA)
def metadata_answer(data: bytes) -> None:
    """Metadata of ECS and EC2."""
    for read in (
        metadata.instance,
        lambda body: metadata.tasks(body, {}),
        metadata.own_task,
        metadata.host_of_task,
        metadata.tags_of_task,
        metadata.account,
    ):
        with contextlib.suppress(ValueError):
            read(data)
    metadata.container_in(data.decode("latin-1"), "ecs.")


@target(
    "answer.token",
    b'{"access_token":"t","expires_in":60}',
    b'{"access_token":"t","expires_in":"nan"}',
    b'{"access_token":"t","x":' + b"[" * 1200 + b"]" * 1200 + b"}",
)
def token_answer(data: bytes) -> None:
    """Token endpoints of OAuth 2.0."""
    try:
        found = token_in(data)
    except ValueError:
        return
    assert 0 <= found.life <= 86_400
    assert found.access_token.isprintable()


@target("answer.otlp", pb.block(1, pb.number(1, 3) + pb.block(2, b"reason")), b"\x0a\xff\xff\xff\xff\x0f")
def otlp_answer(data: bytes) -> None:
    """What an OpenTelemetry collector says it refused."""
    try:
        count, reason = rejected(data)
    except ValueError:
        return
    assert 0 <= count < 1 << 63
    assert isinstance(reason, str)


_BATCH: Final[Any] = batch_of(b"\x92\x01\x83\xa1a\xa1x\xa1b\x81\xa1x\xa1y\xa1k\xa1z")


@target("answer.outputs", *[bytes([n, 50]) + body[1:] for n in range(0, 24, 5) for body in (*_BULK, *_PUT)], weight=20)
def answered(data: bytes) -> None:
    """Any answer to any output: every record is accounted for."""
    steer, rest = steered(data)
    status, body = steered(rest)
    headers = {"x-amzn-RequestId": "1", "ETag": "x"} if status & 1 else {"Retry-After": body[:40].decode("latin-1")}
    for one in (OUTPUTS[steer % len(OUTPUTS)],):
        deliver(one, _BATCH, Answer(100 + 2 * status, headers, body))
