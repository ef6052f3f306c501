"""What has arrived at the stand-in: counted, and written to files."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from outrider.model.errors import LocalError
from outrider.taskdef.run.local_aws.service import Service

_NAME_MAX: Final = 200
_PAGE: Final = 10_000
_PLAIN: Final = " !#$&'()+,-.:;=@[]^_{}~"
"""Characters of a key that a file's name may have, beside letters and digits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that data has arrived: ``count`` objects of ``size`` bytes, events or records."""

    kind: str
    name: str
    count: int
    size: int

    def __str__(self) -> str:
        what = {"bucket": "objects", "log stream": "events", "stream": "records"}[self.kind]
        what = what.removesuffix("s") if self.count == 1 else what
        return f"{self.kind} {self.name}: {self.count} {what}, {self.size} bytes"


async def arrived(service: Service, regions: Iterable[str], folder: Path | None) -> list[Place]:
    """Where data is, in these regions (one at least); written below ``folder`` if there is one. Raises LocalError."""
    return await asyncio.to_thread(_arrived, service, sorted(set(regions)), folder)


def make_folder(folder: Path) -> None:
    """Make the folder for what arrives, so that it is there if nothing does. Raises LocalError if nothing can be
    written to it.
    """
    reason = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
    if reason or not os.access(folder, os.W_OK | os.X_OK):
        raise LocalError(
            f"what arrives cannot be written to {folder}: {reason or 'Permission denied'};"
            " fix: name another folder with --local-aws-out"
        )


def file_name(key: str) -> Path:
    """A relative path for any key: its parts are folders, and what a file's name cannot have is written as ``%XX``."""
    parts = [_part(part) for part in key.split("/")]
    return Path(*parts)


def _part(text: str) -> str:
    if text in ("", ".", ".."):
        return {"": "%", ".": "%2E", "..": "%2E%2E"}[text]
    name = quote(text, safe=_PLAIN, errors="surrogatepass")
    if len(name) <= _NAME_MAX:
        return name
    return f"{name[:_NAME_MAX]}-{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:16]}"


def _arrived(service: Service, regions: list[str], folder: Path | None) -> list[Place]:
    from botocore.exceptions import BotoCoreError, ClientError

    found: list[Place] = []
    try:
        found += _buckets(service, regions[0], folder)
        for region in regions:
            found += [*_log_streams(service, region, folder), *_streams(service, region, folder)]
    except (BotoCoreError, ClientError) as error:
        raise LocalError(f"the stand-in for AWS does not tell what has arrived: {error}") from error
    return found


def _buckets(service: Service, region: str, folder: Path | None) -> Iterator[Place]:
    s3 = service.client("s3", region)
    for bucket in s3.list_buckets()["Buckets"]:
        count = size = 0
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for item in page.get("Contents", ()):
                count, size = count + 1, size + item["Size"]
                if folder is not None:
                    body = s3.get_object(Bucket=bucket["Name"], Key=item["Key"])["Body"].read()
                    _write(folder / "s3" / bucket["Name"], item["Key"], body)
        yield Place("bucket", bucket["Name"], count, size)


def _log_streams(service: Service, region: str, folder: Path | None) -> Iterator[Place]:
    logs = service.client("logs", region)
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            name = group["logGroupName"]
            for streams in logs.get_paginator("describe_log_streams").paginate(logGroupName=name):
                for stream in streams["logStreams"]:
                    events = _events(logs, name, stream["logStreamName"])
                    lines = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
                    size = sum(len(event["message"].encode(errors="surrogatepass")) for event in events)
                    if folder is not None:
                        body = lines.encode(errors="surrogatepass")
                        _write(folder / "logs" / _part(name), f"{stream['logStreamName']}.jsonl", body)
                    yield Place("log stream", f"{name} {stream['logStreamName']}", len(events), size)


def _events(logs: Any, group: str, stream: str) -> list[dict[str, Any]]:
    """All events of a stream, in its order."""
    found: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        answer = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, limit=_PAGE, **more)
        found += answer["events"]
        following = answer["nextForwardToken"]
        if following == more.get("nextToken") or not answer["events"]:
            return found
        more = {"nextToken": following}


def _streams(service: Service, region: str, folder: Path | None) -> Iterator[Place]:
    kinesis = service.client("kinesis", region)
    for name in kinesis.list_streams()["StreamNames"]:
        records = []
        for shard in kinesis.list_shards(StreamName=name)["Shards"]:
            place = kinesis.get_shard_iterator(
                StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while place:
                answer = kinesis.get_records(ShardIterator=place, Limit=_PAGE)
                records += answer["Records"]
                place = answer.get("NextShardIterator") if answer["Records"] else None
        data = [record["Data"] for record in records]
        if folder is not None:
            _write(folder / "kinesis", name, b"".join(one if one.endswith(b"\n") else one + b"\n" for one in data))
        yield Place("stream", name, len(data), sum(map(len, data)))


def _write(folder: Path, key: str, body: bytes) -> None:
    """Write a file; where a key is the folder of another one, under another name."""
    for path in (folder / file_name(key), folder / f"%-{_part(key)}"):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            continue
        except OSError as error:
            raise LocalError(f"what has arrived cannot be written to {path}: {error.strerror}") from error
        return
    raise LocalError(f"what has arrived cannot be written to {folder}: two names are the same there")
