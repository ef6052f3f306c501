"""OAuth 2.0 client credentials (RFC 6749, section 4.4; assertions of RFC 7523): a token, fetched when it is needed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import math
import secrets
import time
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from outrider.model.errors import PeerError, UserError
from outrider.net.http import basic_auth, http_client
from outrider.net.tls import TlsOptions, client_context
from outrider.net.upstream import UpstreamOptions

_LIFE: Final = 300
"""Seconds that a token is used where the answer does not say."""
_LIFE_MAX: Final = 86_400
_TOKEN_MAX: Final = 65_536


class Network(UpstreamOptions, TlsOptions, Protocol):
    """See ``outrider.pipeline.options.OutputCore``."""


class Settings(Protocol):
    """See the options ``oauth2.*`` of the http output."""

    @property
    def oauth2_token_url(self) -> str: ...
    @property
    def oauth2_client_id(self) -> str: ...
    @property
    def oauth2_client_secret(self) -> str: ...
    @property
    def oauth2_user_agent(self) -> str: ...
    @property
    def oauth2_scope(self) -> str: ...
    @property
    def oauth2_audience(self) -> str: ...
    @property
    def oauth2_resource(self) -> str: ...
    @property
    def oauth2_auth_method(self) -> str: ...
    @property
    def oauth2_jwt_key_file(self) -> str: ...
    @property
    def oauth2_jwt_cert_file(self) -> str: ...
    @property
    def oauth2_jwt_aud(self) -> str: ...
    @property
    def oauth2_jwt_header(self) -> str: ...
    @property
    def oauth2_jwt_ttl_seconds(self) -> int: ...
    @property
    def oauth2_refresh_skew_seconds(self) -> int: ...
    @property
    def oauth2_timeout(self) -> int: ...


class TokenAnswer(msgspec.Struct):
    """What a token endpoint answers; ``expires_in`` are seconds."""

    access_token: str
    expires_in: float | str = _LIFE

    @property
    def life(self) -> float:
        """Seconds that the token may be used."""
        return min(max(float(self.expires_in), 0.0), _LIFE_MAX)


def token_in(body: bytes) -> TokenAnswer:
    """The token in an answer. Raises ValueError."""
    try:
        found = msgspec.json.decode(body, type=TokenAnswer)
        has_life = not math.isnan(float(found.expires_in))
    except (ValueError, RecursionError) as error:
        raise ValueError("the answer is not that of a token endpoint") from error
    if not (has_life and 0 < len(found.access_token) < _TOKEN_MAX and found.access_token.isprintable()):
        raise ValueError("what came is no token")
    return found


class ClientCredentials:
    """Tokens of one client, one at a time. Raises UserError when the settings cannot work."""

    def __init__(self, network: Network, settings: Settings, proxy: str = "") -> None:
        try:
            url = urlsplit(settings.oauth2_token_url)
            port = url.port or (443 if url.scheme == "https" else 80)
        except ValueError as error:
            raise UserError(f"oauth2.token_url: {error}") from error
        if url.scheme not in ("http", "https") or not url.hostname:
            raise UserError("oauth2.enable needs oauth2.token_url", fix="use https://host/path")
        if not settings.oauth2_client_id:
            raise UserError("oauth2.enable needs oauth2.client_id")
        if settings.oauth2_auth_method == "private_key_jwt":
            if not (settings.oauth2_jwt_key_file and settings.oauth2_jwt_cert_file):
                raise UserError("private_key_jwt needs oauth2.jwt_key_file and oauth2.jwt_cert_file")
            self._assertion = _signer(settings)
        elif not settings.oauth2_client_secret:
            raise UserError("oauth2.enable needs oauth2.client_secret")
        tls = client_context(network) if url.scheme == "https" else None
        self._client = http_client(network, url.hostname, port, tls, proxy)
        self._path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._settings = settings
        self._turn = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def token(self, *, stale: str = "") -> str:
        """A token that is still good; never ``stale``, which the peer has refused. Raises PeerError."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if not self._token or self._token == stale or now >= self._until:
                answer = await self._fetch()
                life = answer.life
                self._token = answer.access_token
                self._until = now + max(life - self._settings.oauth2_refresh_skew_seconds, min(life, 1.0))
            return self._token

    async def _fetch(self) -> TokenAnswer:
        settings = self._settings
        form = {"grant_type": "client_credentials"}
        headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
            ("User-Agent", settings.oauth2_user_agent or "Fluent-Bit"),
        ]
        for name in ("scope", "audience", "resource"):
            if value := getattr(settings, f"oauth2_{name}"):
                form[name] = value
        match settings.oauth2_auth_method:
            case "basic":
                headers.append(
                    basic_auth(quote(settings.oauth2_client_id, ""), quote(settings.oauth2_client_secret, ""))
                )
            case "post":
                form |= {"client_id": settings.oauth2_client_id, "client_secret": settings.oauth2_client_secret}
            case _:
                form["client_id"] = settings.oauth2_client_id
                form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
                form["client_assertion"] = self._assertion(int(time.time()))
        answer = await self._client.request(
            "POST", self._path, headers=headers, body=urlencode(form).encode(), timeout=settings.oauth2_timeout or 60
        )
        if answer.status != 200:
            raise PeerError(f"{self._client}: no token: {answer.quoted}")
        try:
            return token_in(answer.body)
        except ValueError as error:
            raise PeerError(f"{self._client}: no token: {error}") from error

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()


def _signer(settings: Settings) -> Any:
    """A function from seconds since the epoch to a signed assertion (RS256). Raises UserError."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        key = serialization.load_pem_private_key(Path(settings.oauth2_jwt_key_file).read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(Path(settings.oauth2_jwt_cert_file).read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"oauth2.jwt_key_file or oauth2.jwt_cert_file cannot be used: {error}") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise UserError("oauth2.jwt_key_file is not an RSA key")
    der = certificate.public_bytes(serialization.Encoding.DER)
    thumbprint = hashlib.sha1(der, usedforsecurity=False).digest()
    head = _part({"alg": "RS256", "typ": "JWT", settings.oauth2_jwt_header: _text(thumbprint)})
    claims = {"iss": settings.oauth2_client_id, "sub": settings.oauth2_client_id}
    claims["aud"] = settings.oauth2_jwt_aud or settings.oauth2_token_url
    private: rsa.RSAPrivateKey = key

    def sign(now: int) -> str:
        times = {"iat": now, "exp": now + settings.oauth2_jwt_ttl_seconds, "jti": secrets.token_hex(16)}
        signed = f"{head}.{_part(claims | times)}"
        return f"{signed}.{_text(private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    return sign


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _part(value: dict[str, Any]) -> str:
    return _text(msgspec.json.encode(value))
