"""TLS contexts. Certificates are verified unless the configuration says otherwise."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterable
from typing import Protocol

from outrider.model.errors import UserError


class TlsOptions(Protocol):
    """What a context is made of; see ``outrider.pipeline.options.Tls``."""

    @property
    def tls_verify(self) -> bool: ...
    @property
    def tls_verify_hostname(self) -> bool: ...
    @property
    def tls_verify_client_cert(self) -> bool: ...
    @property
    def tls_ca_path(self) -> str: ...
    @property
    def tls_ca_file(self) -> str: ...
    @property
    def tls_crt_file(self) -> str: ...
    @property
    def tls_key_file(self) -> str: ...
    @property
    def tls_key_passwd(self) -> str: ...
    @property
    def tls_min_version(self) -> str: ...
    @property
    def tls_max_version(self) -> str: ...
    @property
    def tls_ciphers(self) -> str: ...


_VERSIONS = {"tlsv1.2": ssl.TLSVersion.TLSv1_2, "tlsv1.3": ssl.TLSVersion.TLSv1_3}


def client_context(options: TlsOptions) -> ssl.SSLContext:
    """For connecting. Raises UserError when a file cannot be used."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.check_hostname = options.tls_verify and options.tls_verify_hostname
    context.verify_mode = ssl.CERT_REQUIRED if options.tls_verify else ssl.CERT_NONE
    _fill(context, options)
    return context


def server_context(options: TlsOptions) -> ssl.SSLContext:
    """For listening; needs a certificate. Raises UserError when a file cannot be used."""
    if not options.tls_crt_file:
        raise UserError("a TLS listener needs tls.crt_file and tls.key_file")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    if options.tls_verify_client_cert:
        context.verify_mode = ssl.CERT_REQUIRED
    _fill(context, options)
    return context


def _fill(context: ssl.SSLContext, options: TlsOptions) -> None:
    context.minimum_version = _version(options.tls_min_version) or ssl.TLSVersion.TLSv1_2
    if options.tls_max_version:
        context.maximum_version = _version(options.tls_max_version) or ssl.TLSVersion.MAXIMUM_SUPPORTED
    key = "tls.ca_file" if options.tls_ca_file else "tls.ca_path"
    try:
        if options.tls_ca_file or options.tls_ca_path:
            context.load_verify_locations(options.tls_ca_file or None, options.tls_ca_path or None)
        key = "tls.crt_file"
        if options.tls_crt_file:
            password = options.tls_key_passwd or None
            context.load_cert_chain(options.tls_crt_file, options.tls_key_file or None, password)
        key = "tls.ciphers"
        if options.tls_ciphers:
            context.set_ciphers(options.tls_ciphers)
    except (OSError, ssl.SSLError) as error:
        names = [options.tls_ca_file, options.tls_ca_path, options.tls_crt_file, options.tls_key_file]
        raise UserError(f"TLS files cannot be used ({', '.join(filter(None, names))}): {error}", key=key) from error


def _version(text: str) -> ssl.TLSVersion | None:
    if not text:
        return None
    version = _VERSIONS.get(text.lower())
    if version is None:
        raise UserError(f"unknown TLS version '{text}'", found=text, allowed=["TLSv1.2", "TLSv1.3"])
    return version


class TlsPipe:
    """The client's side of TLS over bytes, with no socket inside: the caller moves the bytes.

    So a write counts when the kernel has its last encrypted byte, which asyncio's own TLS transports cannot tell.
    ``receive`` and ``encrypt`` raise ssl.SSLError.
    """

    def __init__(self, context: ssl.SSLContext, server_name: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self.established = False
        self.ended = False
        """Whether the peer has said that nothing follows."""

    def waiting(self) -> bytes:
        """Take the encrypted bytes that are to be sent."""
        return self._outgoing.read()

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the peer, none to begin; what it says, once the handshake is over."""
        self._incoming.write(data)
        found: list[bytes] = []
        try:
            if not self.established:
                self._object.do_handshake()
                self.established = True
            while part := self._object.read(1 << 18):
                found.append(part)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        return b"".join(found)

    def encrypt(self, pieces: Iterable[bytes | memoryview]) -> bytes:
        """What to send to say this."""
        for piece in pieces:
            if piece:
                self._object.write(piece)
        return self.waiting()

    def goodbye(self) -> bytes:
        """What to send to say that nothing follows."""
        with contextlib.suppress(ssl.SSLError):  # the peer need not answer
            self._object.unwrap()
        return self.waiting()
