"""Assertions of RFC 7523, and files that cannot be used for them. Tokens themselves are tested with the http output."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from outrider.model.errors import UserError
from outrider.net.oauth2 import ClientCredentials, token_in
from outrider.pipeline.options import OutputCore


@dataclass
class Settings:
    oauth2_token_url: str = "http://127.0.0.1/token"
    oauth2_client_id: str = "me"
    oauth2_client_secret: str = ""
    oauth2_user_agent: str = ""
    oauth2_scope: str = ""
    oauth2_audience: str = "logs"
    oauth2_resource: str = ""
    oauth2_auth_method: str = "private_key_jwt"
    oauth2_jwt_key_file: str = ""
    oauth2_jwt_cert_file: str = ""
    oauth2_jwt_aud: str = ""
    oauth2_jwt_header: str = "x5t"
    oauth2_jwt_ttl_seconds: int = 300
    oauth2_refresh_skew_seconds: int = 60
    oauth2_timeout: int = 0


def write(directory: Path, key: Any) -> Settings:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "me")])
    now = datetime.datetime.now(datetime.UTC)
    signer = rsa.generate_private_key(65537, 2048) if not isinstance(key, rsa.RSAPrivateKey) else key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(signer, hashes.SHA256())
    )
    files = directory / "key.pem", directory / "crt.pem"
    form = serialization.PrivateFormat.PKCS8
    files[0].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Settings(oauth2_jwt_key_file=str(files[0]), oauth2_jwt_cert_file=str(files[1]))


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_assertions_are_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HTTP_PROXY", raising=False)
    key = rsa.generate_private_key(65537, 2048)
    settings = write(tmp_path, key)
    forms = []

    async def handler(request: web.BaseRequest) -> web.Response:
        forms.append(parse_qs((await request.read()).decode()))
        return web.json_response({"access_token": f"T{len(forms)}", "expires_in": 61})

    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    settings.oauth2_token_url = f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    tokens = ClientCredentials(OutputCore(), settings)
    assert (await tokens.token(), await tokens.token(), await tokens.token(stale="T1")) == ("T1", "T1", "T2")
    await tokens.close()
    await runner.cleanup()
    form = forms[0]
    assert (form["grant_type"], form["client_id"], form["audience"]) == (["client_credentials"], ["me"], ["logs"])
    signed, _, signature = form["client_assertion"][0].rpartition(".")
    key.public_key().verify(unpadded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    head, claims = (json.loads(unpadded(part)) for part in signed.split("."))
    der = x509.load_pem_x509_certificate((tmp_path / "crt.pem").read_bytes()).public_bytes(serialization.Encoding.DER)
    assert head == {
        "alg": "RS256",
        "typ": "JWT",
        "x5t": base64.urlsafe_b64encode(hashlib.sha1(der).digest()).decode().rstrip("="),
    }
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("me", "me", settings.oauth2_token_url)
    assert claims["exp"] - claims["iat"] == 300
    other = forms[1]["client_assertion"][0].split(".")[1]
    assert json.loads(unpadded(other))["jti"] != claims["jti"]


@pytest.mark.parametrize(
    ("body", "life"),
    [
        (b'{"access_token":"t"}', 300),
        (b'{"access_token":"t","expires_in":60}', 60),
        (b'{"access_token":"t","expires_in":"60"}', 60),
        (b'{"access_token":"t","expires_in":-1}', 0),
        (b'{"access_token":"t","expires_in":"inf"}', 86_400),
    ],
)
def test_how_long_a_token_lives(body: bytes, life: float) -> None:
    assert token_in(body).life == life


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"access_token":"t","expires_in":"nan"}',
        b'{"access_token":"t","expires_in":"soon"}',
        b'{"access_token":""}',
        b'{"access_token":"a\\nb"}',
        b'{"access_token":"t","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_an_answer_that_holds_no_token(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"no token|token endpoint"):
        token_in(body)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="jwt_key_file"):
        ClientCredentials(OutputCore(), Settings())
    settings = write(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(UserError, match="RSA"):
        ClientCredentials(OutputCore(), settings)
    (tmp_path / "key.pem").write_text("nothing")
    with pytest.raises(UserError, match="cannot be used"):
        ClientCredentials(OutputCore(), settings)
