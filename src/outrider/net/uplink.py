"""HTTPS to an Outrider server: first contact with a pinned certificate authority, then mutual TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from outrider.model.errors import LocalError, PeerError
from outrider.protocols.uplink import CA_PATH, JoinToken, certificate_pin, decode_refusal

CERTIFICATE, KEY, AUTHORITY, SERVER = "certificate.pem", "key.pem", "ca.pem", "server.url"
_ANSWER_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Identity:
    """The files that enrolment leaves in the state directory."""

    directory: Path

    @property
    def complete(self) -> bool:
        """Whether the agent is enrolled."""
        return all((self.directory / name).exists() for name in (CERTIFICATE, KEY, AUTHORITY, SERVER))

    @property
    def server(self) -> str:
        """The server's URL for heartbeats and batches."""
        return (self.directory / SERVER).read_text().strip()

    def context(self) -> ssl.SSLContext:
        """TLS that trusts only the server's authority and shows our certificate. Raises LocalError."""
        try:
            context = ssl.create_default_context(cafile=str(self.directory / AUTHORITY))
            context.load_cert_chain(self.directory / CERTIFICATE, self.directory / KEY)
        except (OSError, ssl.SSLError) as error:
            raise LocalError(f"the identity in {self.directory} cannot be used: {error}") from error
        return context


def trusting(authority_pem: str) -> ssl.SSLContext:
    """TLS that trusts only this authority."""
    return ssl.create_default_context(cadata=authority_pem)


def trusting_nobody() -> ssl.SSLContext:
    """TLS without verification, for the one request whose answer is checked against a pin."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Client:
    """Requests to one server over kept connections. Failures are PeerErrors: ``Refusal`` where a reason was given."""

    def __init__(self, server: str, context: ssl.SSLContext, seconds: float) -> None:
        self._server = server.rstrip("/")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=8), timeout=aiohttp.ClientTimeout(total=seconds)
        )

    async def get(self, path: str) -> bytes:
        """The body of an answer 200."""
        return await self._request("GET", path)

    async def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
        """The body of an answer 200."""
        return await self._request("POST", path, data=body, headers=headers)

    async def _request(self, method: str, path: str, **arguments: Any) -> bytes:
        try:
            async with self._session.request(method, self._server + path, allow_redirects=False, **arguments) as answer:
                body = await answer.content.read(_ANSWER_MAX)
                if answer.status != 200:
                    raise decode_refusal(answer.status, body)
                return body
        except aiohttp.ClientConnectorCertificateError as error:
            raise PeerError(
                f"{self._server}: the server's certificate is not the one that the join token promises: "
                f"{error.certificate_error}"
            ) from error
        except (aiohttp.ClientError, TimeoutError, ssl.SSLError, OSError) as error:
            raise PeerError(f"{self._server}: {error or type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


async def pinned_authority(server: str, token: JoinToken, seconds: float) -> str:
    """The server's CA certificate (PEM), which must be the one that the token's pin names. Raises PeerError."""
    client = Client(server, trusting_nobody(), seconds)
    try:
        text = (await client.get(CA_PATH)).decode("ascii", "replace")
    finally:
        await client.close()
    try:
        pin = certificate_pin(ssl.PEM_cert_to_DER_cert(text.strip() + "\n"))
    except ValueError as error:
        raise PeerError(f"{server} is not an Outrider server: {CA_PATH} did not answer a certificate") from error
    if pin != token.pin:
        raise PeerError(
            f"{server} has another certificate authority than the join token promises; somebody may be listening in, or"
            " the token is of another server; fix: make a token on this server"
        )
    return text
