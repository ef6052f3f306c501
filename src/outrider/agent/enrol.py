"""Enrolment: a join token becomes a certificate for a key that never leaves this machine."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from outrider import __version__
from outrider.agent.settings import Settings
from outrider.model.errors import LocalError
from outrider.net import uplink as net
from outrider.protocols.uplink import (
    ENROL_PATH,
    EnrolAnswer,
    EnrolRequest,
    decode_message,
    encode_message,
)

_TIMEOUT = 15.0


async def enrol(settings: Settings, capabilities: list[str]) -> EnrolAnswer:
    """Enrol and write the identity. Raises PeerError (``Refusal`` with the server's reason) or LocalError."""
    token = settings.token
    assert token is not None
    authority = await net.pinned_authority(settings.server, token, _TIMEOUT)
    key = _own_key(settings.identity)
    request = EnrolRequest(
        token=str(token),
        csr_pem=_request_for(key, settings.name),
        name=settings.name,
        kind="task",
        version=__version__,
        capabilities=capabilities,
        labels={"task": settings.task},
    )
    client = net.Client(settings.server, net.trusting(authority), _TIMEOUT)
    try:
        answer = decode_message(EnrolAnswer, await client.post(ENROL_PATH, encode_message(request)))
    finally:
        await client.close()
    _write(settings.identity / net.AUTHORITY, answer.ca_pem.encode())
    _write(settings.identity / net.SERVER, (answer.ingest_url or settings.server).encode())
    _write(settings.identity / net.CERTIFICATE, answer.certificate_pem.encode())
    return answer


def _own_key(directory: Path) -> ec.EllipticCurvePrivateKey:
    """The agent's key; made on first use, readable by this user only."""
    path = directory / net.KEY
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            key = serialization.load_pem_private_key(path.read_bytes(), None)
            if isinstance(key, ec.EllipticCurvePrivateKey):
                return key
    except (OSError, ValueError) as error:
        raise LocalError(f"the key {path} cannot be used: {error}; fix: remove it to enrol anew") from error
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(path, pem)
    return key


def _request_for(key: ec.EllipticCurvePrivateKey, name: str) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def _write(path: Path, data: bytes) -> None:
    """At once or not at all, readable by this user only."""
    temporary = path.with_suffix(".tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise LocalError(f"cannot write {path}: {error.strerror}") from error
