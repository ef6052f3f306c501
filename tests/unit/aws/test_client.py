"""Signed calls: what is sent again, and that signatures hold."""

from __future__ import annotations

from typing import Any

import pytest

from outrider.aws.client import AwsClient
from outrider.model.errors import PeerError
from outrider.pipeline.common.aws_output import AwsOptions, aws_client
from outrider.pipeline.options import OutputCore


def client_of(aws: Any, **options: Any) -> AwsClient:
    core = OutputCore(net_keepalive=False)
    return aws_client(core, AwsOptions(region="eu-west-1", endpoint=aws.endpoint, **options), "logs")


async def test_refused_keys_are_replaced_and_the_call_made_again(
    keys: None, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(aws)
    assert (await client.call("Logs_20140328.CreateLogGroup", b'{"logGroupName":"a"}')).status == 200
    aws.keys = {"OTHER": ("new", "tok")}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OTHER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "new")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "tok")
    assert (await client.call("Logs_20140328.CreateLogGroup", b'{"logGroupName":"b"}')).status == 200
    aws.keys = {}
    assert (await client.call("Logs_20140328.CreateLogGroup", b'{"logGroupName":"c"}')).status == 400
    await client.close()
    assert {"a", "b"} < set(aws.groups)


async def test_a_wrong_secret_is_refused(keys: None, aws: Any) -> None:
    aws.keys = {"AKIDEXAMPLE": ("another", "")}
    client = client_of(aws)
    answer = await client.call("Logs_20140328.CreateLogGroup", b'{"logGroupName":"a"}')
    await client.close()
    assert b"SignatureDoesNotMatch" in answer.body


async def test_bodies_in_pieces_are_signed_whole(keys: None, aws: Any) -> None:
    client = client_of(aws)
    answer = await client.call("Logs_20140328.CreateLogGroup", [b'{"logGroup', b'Name":"', b"x" * 300_000, b'"}'])
    await client.close()
    assert answer.status == 200


async def test_silence_is_answered_once(keys: None, aws: Any) -> None:
    client = client_of(aws)
    aws.failures += ["silence", "silence"]
    with pytest.raises(PeerError):
        await client.call("Logs_20140328.CreateLogGroup", b'{"logGroupName":"a"}')
    assert len(aws.calls) == 2
    await client.close()


async def test_requests_to_s3_carry_the_hash(keys: None, aws: Any) -> None:
    from outrider.aws.credentials import Credentials, Identity
    from outrider.aws.signing import Signer, payload_hash

    headers = dict(
        await Signer(Credentials(Identity("us-east-1")), "s3", "us-east-1").headers(
            "PUT",
            "https://s3.us-east-1.amazonaws.com/b/a%20b//%2B?x=",
            [("Host", "s3.us-east-1.amazonaws.com")],
            b"body",
        )
    )
    assert headers["X-Amz-Content-SHA256"] == payload_hash([b"bo", b"dy"]) == payload_hash(b"body")
    assert "x-amz-content-sha256" in headers["Authorization"]


@pytest.mark.parametrize(
    ("said", "advised"), [("Name or service not known", True), ("Temporary failure in name resolution", False)]
)
async def test_a_host_that_is_not_known_makes_the_region_suspect(
    keys: None, aws: Any, monkeypatch: pytest.MonkeyPatch, said: str, advised: bool
) -> None:
    client = client_of(aws)

    async def request(*args: Any, **options: Any) -> None:
        raise PeerError(f"logs.eu-wst-1.amazonaws.com:443: {said}")

    monkeypatch.setattr(client._http, "request", request)
    with pytest.raises(PeerError) as caught:
        await client.call("Logs_20140328.CreateLogGroup", b"{}")
    assert ("fix: correct the region ('eu-west-1'), or the endpoint" in str(caught.value)) == advised
    await client.close()
