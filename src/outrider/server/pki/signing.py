"""X.509: an authority, server certificates and client certificates, all on EC P-256."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from outrider.protocols.uplink import Reason, Refusal

CA_DAYS, SERVER_DAYS, CLIENT_DAYS = 3650, 90, 365
# A peer whose clock is a little behind must not find a certificate that is not valid yet.
_BACKDATE = datetime.timedelta(hours=1)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A private key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as PKCS#8 without a passphrase."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def new_authority(key: ec.EllipticCurvePrivateKey, now: datetime.datetime) -> x509.Certificate:
    """A self-signed certificate that may sign others, but no further authorities."""
    name = _name(f"Outrider CA {now:%Y-%m-%d} {x509.random_serial_number() % 10**8:08d}")
    builder = _builder(name, name, key.public_key(), now, CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


def sign_server(
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePublicKey,
    names: Sequence[str],
    now: datetime.datetime,
) -> x509.Certificate:
    """A certificate for these DNS names and IP addresses."""
    builder = _builder(_name(names[0]), ca.subject, key, now, SERVER_DAYS)
    builder = builder.add_extension(x509.SubjectAlternativeName([general_name(n) for n in names]), critical=False)
    return _sign_leaf(builder, ca, ca_key, ExtendedKeyUsageOID.SERVER_AUTH)


def sign_client(
    ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, csr_pem: str, host_id: str, now: datetime.datetime
) -> x509.Certificate:
    """A certificate for the request's key, its subject replaced by ``CN=host_id``.

    Raises ``Refusal`` (``request_invalid``) for anything but a well-signed request of a P-256 key.
    """
    fix = "make a new key and request; the key must be EC P-256"
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        signed = request.is_signature_valid
        key = request.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise Refusal(Reason.REQUEST_INVALID, "csr_pem is not a certificate request in PEM form", fix) from error
    if not signed:
        raise Refusal(Reason.REQUEST_INVALID, "csr_pem is not signed with its own key", fix)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Refusal(Reason.REQUEST_INVALID, "the key of csr_pem is not EC P-256", fix)
    builder = _builder(_name(host_id), ca.subject, key, now, CLIENT_DAYS)
    return _sign_leaf(builder, ca, ca_key, ExtendedKeyUsageOID.CLIENT_AUTH)


def general_name(text: str) -> x509.GeneralName:
    """An IP address where the text is one, else a DNS name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def pem(certificate: x509.Certificate) -> str:
    """The certificate as PEM text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _sign_leaf(
    builder: x509.CertificateBuilder,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    purpose: x509.ObjectIdentifier,
) -> x509.Certificate:
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(digital_signature=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return builder.add_extension(issuer, critical=False).sign(ca_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _name(common: str) -> x509.Name:
    # X.520 allows 64 characters; a longer host name stands in the alternative names anyway.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
