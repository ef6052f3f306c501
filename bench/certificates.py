"""A throw-away certificate authority, and a server's certificate that is valid or has expired."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)


class Certificates:
    """Files below ``folder``. ``current`` is the certificate and key that the server shows, for ``localhost``."""

    def __init__(self, folder: Path) -> None:
        self.authority = folder / "ca.pem"
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
        self.authority.write_bytes(self._signed(self._key, self._name, 1, authority=True))
        self._valid = self._made("valid", 1)
        self._expired = self._made("expired", -1)
        self.current = self._valid

    def expire(self) -> None:
        """From now on the server shows one that has expired."""
        self.current = self._expired

    def renew(self) -> None:
        """From now on it shows a valid one."""
        self.current = self._valid

    def _made(self, name: str, days: int) -> tuple[str, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        certificate, private = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        certificate.write_bytes(self._signed(key, subject, days, authority=False))
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        private.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
        return str(certificate), str(private)

    def _signed(self, key: ec.EllipticCurvePrivateKey, subject: x509.Name, days: int, *, authority: bool) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * _DAY)
            .not_valid_after(now + days * _DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)
