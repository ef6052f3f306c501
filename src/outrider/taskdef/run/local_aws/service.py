"""Starts and ends the stand-in for AWS, and talks to it."""

from __future__ import annotations

import asyncio
import importlib.util
import secrets
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from outrider.model.errors import LocalError, UserError
from outrider.taskdef.run.local_aws.wants import Wanted
from outrider.taskdef.run.process.child import Child, Guard, child_environment

_START_SECONDS: Final = 60.0
_ENOUGH: Final = 20
"""Lines of its last words."""
_TEXT_MAX: Final = 100_000
_HEADER: Final = "X-Outrider-Secret"
_SECRET: Final = "OUTRIDER_STAND_IN_SECRET"
"""As ``stand_in`` has them, which is no module of ours."""
_ROLE: Final = "arn:aws:iam::000000000000:role/firehose"


class Service:
    """A stand-in that runs: ``url`` is where for the task, ``own`` for us, who know the secret.

    Its calls block, so threads make them.
    """

    def __init__(self, url: str, own: str, secret: str) -> None:
        self.url = url
        self._own = own
        self._secret = secret
        self._clients: dict[tuple[str, str], Any] = {}

    async def create(self, things: Iterable[Wanted]) -> list[str]:
        """Make what the outputs want to be there; returns why some of it cannot be."""
        return await asyncio.to_thread(self._create, sorted(things))

    def client(self, service: str, region: str) -> Any:
        """boto3's client of a service of the stand-in."""
        import boto3
        from botocore.config import Config

        key = (service, region)
        if key not in self._clients:
            client = boto3.client(
                service,
                region_name=region,
                endpoint_url=self._own,
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(s3={"addressing_style": "path"}, proxies={}, retries={"max_attempts": 1}),
            )
            client.meta.events.register("before-send", self._tell_secret)
            self._clients[key] = client
        return self._clients[key]

    def _tell_secret(self, request: Any, **_: Any) -> None:
        request.headers[_HEADER] = self._secret

    def _create(self, things: list[Wanted]) -> list[str]:
        from botocore.exceptions import BotoCoreError, ClientError

        made = {"bucket": self._bucket, "group": self._group, "stream": self._stream, "delivery stream": self._delivery}
        faults = []
        for thing in things:
            try:
                made[thing.kind](thing)
            except (BotoCoreError, ClientError) as error:
                faults.append(f"the {thing.kind} '{thing.name}' cannot be created: {error}")
        return faults

    def _bucket(self, thing: Wanted) -> None:
        s3 = self.client("s3", thing.region)
        if any(bucket["Name"] == thing.name for bucket in s3.list_buckets()["Buckets"]):
            return  # two outputs name it, with different regions
        place = {} if thing.region == "us-east-1" else {"LocationConstraint": thing.region}
        s3.create_bucket(Bucket=thing.name, **({"CreateBucketConfiguration": place} if place else {}))

    def _group(self, thing: Wanted) -> None:
        self.client("logs", thing.region).create_log_group(logGroupName=thing.name)

    def _stream(self, thing: Wanted) -> None:
        self.client("kinesis", thing.region).create_stream(StreamName=thing.name, ShardCount=1)

    def _delivery(self, thing: Wanted) -> None:
        """What is put there arrives in a bucket of the same name."""
        bucket = f"firehose-{thing.name.lower().replace('_', '-')}"[:63]
        self._bucket(Wanted("bucket", bucket, thing.region))
        self.client("firehose", thing.region).create_delivery_stream(
            DeliveryStreamName=thing.name,
            S3DestinationConfiguration={"RoleARN": _ROLE, "BucketARN": f"arn:aws:s3:::{bucket}"},
        )


@asynccontextmanager
async def started(guard: Guard, address: str, networks: Sequence[str]) -> AsyncIterator[Service]:
    """Run it at an address, for peers of some networks, while the block runs. Raises UserError and LocalError."""
    if any(importlib.util.find_spec(name) is None for name in ("boto3", "flask", "moto")):
        raise UserError(
            "--local-aws needs moto's server, which is not installed",
            fix="install outrider with its extra: pip install '.[local]' in its source",
        )
    printed = _Printed()
    words = [sys.executable, "-I", str(Path(__file__).with_name("stand_in.py")), address, *networks]
    secret = secrets.token_hex(16)
    child = await Child.start(words, child_environment({_SECRET: secret}), [printed, printed], guard, lambda line: None)
    try:
        try:
            async with asyncio.timeout(_START_SECONDS):
                await printed.known.wait()
        except TimeoutError:
            raise LocalError(f"the stand-in for AWS does not listen after {_START_SECONDS:g} s") from None
        if not printed.ports:
            raise LocalError(f"the stand-in for AWS has ended: {printed.last_words}")
        yield Service(f"http://{address}:{printed.ports[0]}", f"http://127.0.0.1:{printed.ports[1]}", secret)
    finally:
        child.kill()
        await child.wait()


class _Printed(asyncio.Protocol):
    """What it prints: its ports, or what went wrong. ``known`` is set when either is."""

    def __init__(self) -> None:
        self.ports: list[str] = []
        self.known = asyncio.Event()
        self._text = ""

    @property
    def last_words(self) -> str:
        return "\n".join(self._text.splitlines()[-_ENOUGH:])

    def data_received(self, data: bytes) -> None:
        if self.ports:
            return  # it has nothing to say any more
        self._text = (self._text + data.decode(errors="replace"))[-_TEXT_MAX:]
        first, newline, _ = self._text.partition("\n")
        if newline and all(port.isdecimal() for port in first.split()):
            self.ports = first.split()
            self.known.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.known.set()
