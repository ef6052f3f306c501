"""The calls of S3 that store objects, whole and in parts, and read them. Addresses are path-style, as Fluent Bit's.

Bodies are read while they go out; their SHA-256 is given, so that nothing is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import escape, unescape

from outrider.aws.client import AwsClient, problem
from outrider.aws.partitions import partition_of
from outrider.aws.signing import Headers
from outrider.model.errors import PeerError
from outrider.net.http import Answer, Streamed, retry_after

_COMPLETE_SECONDS: Final = 300.0
"""S3 puts parts together before it answers."""
_UPLOAD_ID: Final = re.compile(r"<UploadId>([^<]{1,2048})</UploadId>")
_UNRESERVED: Final = "-._~"


class NoSuchUploadError(PeerError):
    """S3 does not know the upload in parts (any more)."""


class OtherRegionError(PeerError):
    """The bucket is in ``region``, where it has to be asked."""

    def __init__(self, region: str) -> None:
        super().__init__(f"the bucket is in {region}")
        self.region = region


class RefusedBodyError(PeerError):
    """S3 calls the request malformed: perhaps it got other bytes than were counted."""


class Objects:
    """The objects of one bucket. Every call raises PeerError; all may be tried again."""

    def __init__(self, client: AwsClient, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    async def put(self, key: str, headers: Headers, body: Streamed, sha256: str) -> None:
        """Store an object whole."""
        await self._upload(path(self._bucket, key), headers, body, sha256)

    async def get(self, key: str) -> bytes:
        """A whole object, of a few megabytes at most. Raises OtherRegionError."""
        answer = await self._client.request("GET", path(self._bucket, key))
        region = answer.headers.get("x-amz-bucket-region", "")
        if answer.status in (301, 307, 400) and partition_of(region):
            raise OtherRegionError(region)
        if not _expected(answer).whole:
            raise PeerError(f"the object is larger than {len(answer.body)} bytes")
        return answer.body

    async def begin(self, key: str, headers: Headers) -> str:
        """Begin an upload in parts; its id."""
        answer = _expected(await self._client.request("POST", f"{path(self._bucket, key)}?uploads=", headers=headers))
        return upload_id(answer.body)

    async def part(self, key: str, upload: str, number: int, headers: Headers, body: Streamed, sha256: str) -> str:
        """Store part ``number``, in place of one that has it already; its ETag."""
        where = f"{self._of(key, upload)}&partNumber={number}"
        etag = (await self._upload(where, headers, body, sha256)).headers.get("ETag", "")
        if not etag:
            raise PeerError("UploadPart: the answer has no ETag")
        return etag

    async def complete(self, key: str, upload: str, etags: Sequence[str]) -> None:
        """Make the object of its parts."""
        where, body = self._of(key, upload), completion(etags)
        answer = _expected(await self._client.request("POST", where, body=body, timeout=_COMPLETE_SECONDS))
        if b"<Error>" in answer.body:  # it began as a success and ends as an error
            raise PeerError(f"CompleteMultipartUpload: {problem(answer)}")

    async def abort(self, key: str, upload: str) -> None:
        """End an upload without an object."""
        await self._client.request("DELETE", self._of(key, upload))

    async def exists(self, key: str) -> bool | None:
        """Whether the object is there; None: we are not allowed to know."""
        answer = await self._client.request("HEAD", path(self._bucket, key))
        if answer.status in (403, 404):
            return None if answer.status == 403 else False
        _expected(answer)
        return True

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _upload(self, where: str, headers: Headers, body: Streamed, sha256: str) -> Answer:
        streamed: Any = body
        return _expected(await self._client.request("PUT", where, headers=headers, body=streamed, payload=sha256))

    def _of(self, key: str, upload: str) -> str:
        return f"{path(self._bucket, key)}?uploadId={quote(upload, safe=_UNRESERVED)}"


def path(bucket: str, key: str) -> str:
    """The path of an object, in S3's own encoding; ``key`` begins with a slash. Bytes that are no UTF-8 are U+FFFD."""
    text = key.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return f"/{quote(bucket, safe=_UNRESERVED)}{quote(text, safe='/' + _UNRESERVED)}"


def upload_id(body: bytes) -> str:
    """The id in the answer to CreateMultipartUpload. Raises PeerError where there is none."""
    found = _UPLOAD_ID.search(body.decode("utf-8", "replace"))
    if found is None:
        raise PeerError("CreateMultipartUpload: the answer names no UploadId")
    return unescape(found[1], {"&quot;": '"', "&apos;": "'"})


def completion(etags: Sequence[str]) -> bytes:
    """The body of CompleteMultipartUpload: the parts in order, from number 1."""
    parts = [
        f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
        for number, etag in enumerate(etags, 1)
    ]
    namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    return f"<CompleteMultipartUpload {namespace}>{''.join(parts)}</CompleteMultipartUpload>".encode()


def _expected(answer: Answer) -> Answer:
    if 200 <= answer.status < 300:
        return answer
    said = problem(answer)
    kind = NoSuchUploadError if said.code == "NoSuchUpload" else RefusedBodyError if answer.status == 400 else PeerError
    raise kind(str(said), after=retry_after(answer))
