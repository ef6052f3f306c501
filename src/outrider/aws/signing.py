"""Signature Version 4, by botocore's signer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from outrider.aws.credentials import Credentials, Keys

Headers = Sequence[tuple[str, str]]
Body = bytes | Sequence[bytes]

_HASHED: Final = frozenset({"s3", "aoss"})
"""Services that want the payload's hash as a header of its own."""


def payload_hash(body: Body) -> str:
    """The hexadecimal SHA-256 of a body in one piece or several."""
    if isinstance(body, bytes):
        return hashlib.sha256(body).hexdigest()
    digest = hashlib.sha256()
    for piece in body:
        digest.update(piece)
    return digest.hexdigest()


def signed(
    keys: Keys, service: str, region: str, method: str, url: str, headers: Headers, payload: str
) -> list[tuple[str, str]]:
    """These headers and those that make the request authentic.

    ``url`` is whole, with path and query as they go out; ``headers`` should hold ``Host`` where it has a port;
    ``payload`` is the body's hash. Every header is signed but User-Agent.
    """
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method=method, url=url)
    for name, value in headers:
        request.headers[name] = value
    if service in _HASHED:
        request.headers["X-Amz-Content-SHA256"] = payload
    request.context["payload"] = payload
    _signer(service == "s3")(keys, service, region).add_auth(request)
    return [(name, value) for name, value in request.headers.items()]


class Signer:
    """Signs requests to one service in one region."""

    def __init__(self, credentials: Credentials, service: str, region: str) -> None:
        self.credentials = credentials
        self._service = service
        self._region = region

    async def headers(
        self, method: str, url: str, headers: Headers, body: Body = b"", payload: str = ""
    ) -> list[tuple[str, str]]:
        """See ``signed``; ``payload`` where the hash is known already. Raises PeerError when there are no keys."""
        keys = await self.credentials.current()
        return signed(keys, self._service, self._region, method, url, headers, payload or payload_hash(body))


@cache
def _signer(s3: bool) -> Any:
    from botocore.auth import S3SigV4Auth, SigV4Auth

    class Signing(S3SigV4Auth if s3 else SigV4Auth):  # type: ignore[misc]  # botocore has no types
        """Takes the payload's hash as given, so that large bodies need not be held or read twice."""

        def payload(self, request: Any) -> Any:
            return request.context["payload"]

    return Signing
