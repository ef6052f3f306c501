"""What outputs that speak HTTP have in common: one client, its options, compression, and what an answer means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Final, Literal, Protocol

from outrider.aws.client import AwsClient
from outrider.aws.credentials import Credentials, Identity
from outrider.aws.endpoints import Endpoint
from outrider.formats import compress, words
from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.connect import Target
from outrider.net.http import Answer, Headers, HttpClient, check_header, http_client, refusal
from outrider.net.tls import client_context
from outrider.pipeline.options import OutputCore
from outrider.pipeline.plugin import Delivery, O, Output

Compression = Literal["none", "false", "off", "gzip", "zstd"]
USER_AGENT: Final = ("User-Agent", "Fluent-Bit")


class Requests(Protocol):
    """An HttpClient, or one that signs what it sends."""

    def peers(self) -> list[Target]: ...

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Headers = (),
        body: bytes = b"",
        timeout: float = 60.0,  # noqa: ASYNC109 - see HttpClient
    ) -> Answer: ...

    async def close(self) -> None: ...


class AwsAuth(Protocol):
    """The options of Signature Version 4."""

    @property
    def aws_region(self) -> str: ...
    @property
    def aws_profile(self) -> str: ...
    @property
    def aws_role_arn(self) -> str: ...
    @property
    def aws_external_id(self) -> str: ...
    @property
    def aws_sts_endpoint(self) -> str: ...


class HttpOutput(Output[O]):
    """A batch is one request. ``check`` makes the client; nothing is connected before the first batch."""

    client: Requests

    HOST: ClassVar[str] = "127.0.0.1"
    PORT: ClassVar[int] = 80
    concurrency = 2

    def check(self) -> None:
        """See Output."""
        self.client = self.client_of()

    def peers(self) -> list[Target]:
        """See Output."""
        return self.client.peers()

    def client_of(self, host: str = "", port: int = 0, proxy: str = "", core: OutputCore | None = None) -> HttpClient:
        """A client with this output's network options, or with a node's. Raises UserError."""
        core = core or self.core
        tls = client_context(core) if core.tls else None
        return http_client(core, host or core.host or self.HOST, port or core.port or self.PORT, tls, proxy)

    def signing(self, client: HttpClient, service: str, options: AwsAuth) -> AwsClient:
        """The client with a signature on each request. Raises UserError."""
        if not options.aws_region:
            raise UserError("aws_auth needs aws_region", fix="add: aws_region eu-west-1")
        identity = Identity(
            options.aws_region,
            options.aws_profile,
            options.aws_role_arn,
            options.aws_external_id,
            options.aws_sts_endpoint,
        )
        credentials = Credentials(identity)
        credentials.check()
        endpoint = Endpoint(client.host, client.port, self.core.tls)
        return AwsClient(client, endpoint, service, options.aws_region, credentials, resend=False)

    async def post(
        self, batch: Batch, path: str, headers: Sequence[tuple[str, str]], body: bytes, seconds: float = 60.0
    ) -> Delivery:
        """Send a batch as one request; all of it is delivered, dropped or tried again. Raises PeerError."""
        answer = await self.client.request("POST", path, headers=headers, body=body, timeout=seconds)
        return self.judge(answer, batch)

    async def in_parts(
        self, batch: Batch, size: int, send: Callable[[int, int], Awaitable[tuple[int, str]]]
    ) -> Delivery:
        """Send a batch as requests of ``size`` records at most; what is left when one fails for now is tried again.

        ``send`` takes the records from a place to before another, and answers how many of them the peer refused, and
        why; which ones is known where it refused them all. Raises PeerError when nothing was sent.
        """
        delivered = dropped = 0
        reasons: list[str] = []
        places: list[int] = []
        rest, after = range(0), 0.0
        for start in range(0, len(batch), size):
            stop = min(start + size, len(batch))
            try:
                refused, reason = await send(start, stop)
            except PeerError as error:
                if error.retry and not start:
                    raise
                if error.retry:
                    reasons.append(str(error))
                    rest, after = range(start, len(batch)), error.after
                    break
                refused, reason = stop - start, str(error)
            delivered += stop - start - refused
            dropped += refused
            if refused:
                reasons.append(reason)
            if refused == stop - start:
                places += range(start, stop)
        return Delivery(delivered, dropped, "; ".join(dict.fromkeys(reasons)), rest, after, places)

    def judge(self, answer: Answer, batch: Batch) -> Delivery:
        """What the answer means for the whole batch. Raises PeerError."""
        error = refusal(answer)
        if error is not None:
            raise error
        return Delivery(len(batch))

    async def stop(self) -> None:
        """See Output."""
        await self.client.close()


def configured_headers(given: Sequence[str]) -> list[tuple[str, str]]:
    """``header NAME VALUE`` options. Raises UserError."""
    found = []
    for text in given:
        try:
            parts = words.split_quoted(text, 1)
        except ValueError as error:
            raise UserError(f"header: {error}") from error
        if len(parts) != 2:
            raise UserError(f"header '{text}' has no value", fix="write: header NAME VALUE")
        check_header(*parts)
        found.append((parts[0], parts[1]))
    return found


def compressed(body: bytes, kind: Compression) -> tuple[bytes, list[tuple[str, str]]]:
    """The body as it goes out, and the header that says so."""
    match kind:
        case "gzip":
            return compress.gzip(body), [("Content-Encoding", "gzip")]
        case "zstd":
            return compress.zstd(body), [("Content-Encoding", "zstd")]
        case _:
            return body, []
