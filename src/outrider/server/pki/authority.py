"""The authority's files in the data directory, and the server's certificate that renews itself."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from outrider.model.errors import LocalError
from outrider.protocols.uplink import certificate_pin
from outrider.server.pki import signing

_RENEW_BEFORE = datetime.timedelta(days=30)


class Authority:
    """``ca.pem``, ``ca.key``, ``server.pem`` and ``server.key`` in one directory; only the owner can read the keys."""

    def __init__(self, directory: Path, now: datetime.datetime) -> None:
        """Load the authority, or make it where there is none. Raises ``LocalError`` for files that cannot be used."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.ca_path = directory / "ca.pem"
        self.server_path, self.server_key_path = directory / "server.pem", directory / "server.key"
        key_path = directory / "ca.key"
        if not self.ca_path.exists():
            key = signing.new_key()
            _write(key_path, signing.key_pem(key), 0o600)
            _write(self.ca_path, signing.pem(signing.new_authority(key, now)).encode(), 0o644)
        try:
            self._ca = x509.load_pem_x509_certificate(self.ca_path.read_bytes())
            key_read = serialization.load_pem_private_key(key_path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise LocalError(f"cannot use the certificate authority in {directory}: {error}") from error
        if not isinstance(key_read, ec.EllipticCurvePrivateKey) or key_read.public_key() != self._ca.public_key():
            raise LocalError(f"{key_path} is not the key of {self.ca_path}; restore both from the same backup")
        self._key = key_read

    @property
    def ca_pem(self) -> str:
        """The authority's certificate."""
        return signing.pem(self._ca)

    @property
    def pin(self) -> str:
        """What a join token carries so that an agent can tell this authority from any other."""
        return certificate_pin(self._ca.public_bytes(serialization.Encoding.DER))

    def ensure_server_certificate(self, names: Sequence[str], now: datetime.datetime) -> bool:
        """Make the server's key and certificate where they are missing, end within 30 days or lack one of ``names``.

        True when they are new, so that a running listener can load them.
        """
        if self._good(names, now):
            return False
        key = signing.new_key()
        certificate = signing.sign_server(self._ca, self._key, key.public_key(), names, now)
        _write(self.server_key_path, signing.key_pem(key), 0o600)
        _write(self.server_path, (signing.pem(certificate) + self.ca_pem).encode(), 0o644)
        return True

    def sign_client(self, csr_pem: str, host_id: str, now: datetime.datetime) -> tuple[str, int]:
        """An agent's certificate (PEM) and its serial number. Raises ``Refusal`` (``request_invalid``)."""
        certificate = signing.sign_client(self._ca, self._key, csr_pem, host_id, now)
        return signing.pem(certificate), certificate.serial_number

    def _good(self, names: Sequence[str], now: datetime.datetime) -> bool:
        try:
            certificate = x509.load_pem_x509_certificate(self.server_path.read_bytes())
            key = serialization.load_pem_private_key(self.server_key_path.read_bytes(), None)
            has = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
            return False
        return (
            certificate.not_valid_after_utc - now > _RENEW_BEFORE
            and certificate.issuer == self._ca.subject
            and certificate.public_key() == key.public_key()
            and all(signing.general_name(name) in has for name in names)
        )


def _write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others in between."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.write(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    part.rename(path)
