"""TLS contexts: verified by default, and clear about files that cannot be used."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import UserError
from outrider.net.tls import client_context, server_context
from outrider.pipeline.options import InputCore, OutputCore


def test_a_client_verifies_by_default() -> None:
    context = client_context(OutputCore())
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("options", "mode", "checks_name"),
    [
        ({"tls_verify": False}, ssl.CERT_NONE, False),
        ({"tls_verify_hostname": False}, ssl.CERT_REQUIRED, False),
    ],
)
def test_verification_can_be_switched_off(options: dict[str, Any], mode: ssl.VerifyMode, checks_name: bool) -> None:
    context = client_context(OutputCore(**options))
    assert (context.verify_mode, context.check_hostname) == (mode, checks_name)


def test_versions_and_ciphers() -> None:
    context = client_context(
        OutputCore(tls_min_version="TLSv1.3", tls_max_version="tlsv1.3", tls_ciphers="ECDHE-RSA-AES128-GCM-SHA256")
    )
    assert context.minimum_version is context.maximum_version is ssl.TLSVersion.TLSv1_3
    assert "ECDHE-RSA-AES128-GCM-SHA256" in {cipher["name"] for cipher in context.get_ciphers()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tls_min_version": "TLSv1.0"}, "unknown TLS version 'TLSv1.0'.*allowed: TLSv1.2, TLSv1.3"),
        ({"tls_ca_file": "/nowhere"}, "TLS files cannot be used \\(/nowhere\\)"),
        ({"tls_crt_file": "/nowhere", "tls_key_file": "/no key"}, "/nowhere, /no key"),
        ({"tls_ciphers": "nonsense"}, "TLS files cannot be used|cipher"),
    ],
)
def test_what_cannot_be_used(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        client_context(OutputCore(**options))


def test_a_listener_needs_a_certificate(certificate: Any) -> None:
    with pytest.raises(UserError, match=r"needs tls\.crt_file"):
        server_context(InputCore())
    files = {"tls_crt_file": str(certificate.certificate), "tls_key_file": str(certificate.key)}
    assert server_context(InputCore(**files)).verify_mode is ssl.CERT_NONE
    context = server_context(InputCore(tls_verify_client_cert=True, tls_ca_file=str(certificate.certificate), **files))
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_key_with_a_password(locked_certificate: Any) -> None:
    files = {"tls_crt_file": str(locked_certificate.certificate), "tls_key_file": str(locked_certificate.key)}
    assert server_context(InputCore(tls_key_passwd="secret", **files))
    with pytest.raises(UserError, match="TLS files cannot be used") as caught:
        server_context(InputCore(tls_key_passwd="wrong", **files))
    assert "wrong" not in str(caught.value)


def test_a_directory_of_authorities(certificate: Any, tmp_path: Path) -> None:
    assert client_context(OutputCore(tls_ca_path=str(tmp_path)))
