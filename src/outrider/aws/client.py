"""Signed requests to one AWS service."""

from __future__ import annotations

from typing import Final

from outrider.aws.credentials import Credentials
from outrider.aws.endpoints import Endpoint
from outrider.aws.faults import Fault, fault
from outrider.aws.signing import Body, Headers, Signer, payload_hash
from outrider.model.errors import PeerError
from outrider.net.connect import Target
from outrider.net.http import Answer, HttpClient

USER_AGENT: Final = "aws-fluent-bit-plugin"
JSON: Final = "application/x-amz-json-1.1"
_UNKNOWN_HOST: Final = "Name or service not known"
"""The resolver's words; what it says when it is out of order itself is something else."""


class AwsClient:
    """One service at one endpoint.

    A request that got no answer is sent once more at once where ``resend`` says so; one that was refused for its
    keys is sent once more with new ones, if there are any to be had.
    """

    def __init__(
        self,
        http: HttpClient,
        endpoint: Endpoint,
        service: str,
        region: str,
        credentials: Credentials,
        *,
        resend: bool = True,
        user_agent: str = USER_AGENT,
    ) -> None:
        self.endpoint = endpoint
        self._region = region
        self._http = http
        self._signer = Signer(credentials, service, region)
        self._resend = resend
        self._user_agent = user_agent

    def peers(self) -> list[Target]:
        """See HttpClient."""
        return self._http.peers()

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Headers = (),
        body: Body = b"",
        payload: str = "",
        timeout: float = 60.0,  # noqa: ASYNC109 - it counts from where the request is out
    ) -> Answer:
        """Any answer, whatever its status; ``payload`` is the body's SHA-256 where it is known. Raises PeerError."""
        payload = payload or payload_hash(body)
        answer = await self._exchange(method, path, headers, body, payload, timeout)
        if 400 <= answer.status < 500 and problem(answer).unauthorized and await self._signer.credentials.renew():
            answer = await self._exchange(method, path, headers, body, payload, timeout)
        return answer

    async def call(self, target: str, body: Body, headers: Headers = ()) -> Answer:
        """A call of a JSON service: ``call("Logs_20140328.PutLogEvents", b"{...}")``. Raises PeerError."""
        named = [("Content-Type", JSON), ("X-Amz-Target", target), *headers]
        return await self.request("POST", "/", headers=named, body=body)

    async def _exchange(
        self, method: str, path: str, headers: Headers, body: Body, payload: str, seconds: float
    ) -> Answer:
        try:
            return await self._once(method, path, headers, body, payload, seconds)
        except PeerError:
            if not self._resend:
                raise
        return await self._once(method, path, headers, body, payload, seconds)

    async def _once(self, method: str, path: str, headers: Headers, body: Body, payload: str, seconds: float) -> Answer:
        given = [("Host", self.endpoint.authority), *headers]
        sent = await self._signer.headers(method, self.endpoint.url + path, given, body, payload)
        sent.append(("User-Agent", self._user_agent))
        try:
            return await self._http.request(method, path, headers=sent, body=body, timeout=seconds)
        except PeerError as error:
            if _UNKNOWN_HOST not in str(error):
                raise
            raise PeerError(f"{error}; fix: correct the region ('{self._region}'), or the endpoint") from None

    def warm(self) -> None:
        """Import what the first request needs, a third of a second's work, before records wait for it."""
        import aiohttp  # noqa: F401 - to be imported is all that it is for
        import botocore.auth
        import botocore.httpsession  # noqa: F401 - as above

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def problem(answer: Answer) -> Fault:
    """What an answer that is no success says."""
    return fault(answer.status, answer.headers, answer.body)
