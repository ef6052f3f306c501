"""A connection as rules and events see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from outrider.ids.apps.tls import fingerprints
from outrider.ids.apps.tls.certificate import Certificate
from outrider.ids.apps.tls.hello import Hello, version_name
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER


class TlsTransaction:
    """See ``outrider.ids.apps.transaction.Transaction``: a connection is one. ``chains`` are the certificates of each
    side, client's first."""

    def __init__(self) -> None:
        self.id = 0
        self.fresh = [False, False]
        self.done = [False, False]
        self.alerted: set[tuple[int, int]] = set()
        self.client: Hello | None = None
        self.server: Hello | None = None
        self.record_version = 0
        self.chains: tuple[list[Certificate], list[Certificate]] = ([], [])
        self.resumed = False

    @property
    def version(self) -> int:
        """What both agreed upon; what the client said until then."""
        if self.server is not None:
            return self.server.version
        return self.client.legacy if self.client is not None else self.record_version

    def forget(self) -> None:
        """Nothing of it is counted."""

    def buffer(self, name: str, direction: int) -> Sequence[bytes]:
        find = _BUFFERS.get(name)
        found = find(self, direction) if find is not None else None
        return () if found is None else found

    def number(self, name: str) -> int | None:
        match name:
            case "tls.version" | "ssl_version":
                return self.version or None
            case "tls.cert_chain_len":
                return len(self.chains[TO_CLIENT]) or None
            case _:
                return None

    def event(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        chain = self.chains[TO_CLIENT]
        if chain:
            told |= _certificate(chain[0])
            if chain[0].alternatives:
                told["subjectaltname"] = [_text(name) for name in chain[0].alternatives]
        if self.resumed:
            told["session_resumed"] = True
        if self.client is not None and self.client.name is not None:
            told["sni"] = _text(self.client.name)
        told["version"] = version_name(self.version)
        if self.client is not None:
            text = fingerprints.ja3(self.client)
            told["ja3"] = {"hash": fingerprints.md5(text), "string": text}
        if self.server is not None:
            text = fingerprints.ja3s(self.server)
            told["ja3s"] = {"hash": fingerprints.md5(text), "string": text}
        if self.client is not None:
            told["ja4"] = fingerprints.ja4(self.client)
            if self.client.protocols:
                told["client_alpns"] = [_text(one) for one in self.client.protocols]
        if self.server is not None and self.server.protocols:
            told["server_alpns"] = [_text(one) for one in self.server.protocols]
        if self.chains[TO_SERVER]:
            told["client"] = _certificate(self.chains[TO_SERVER][0])
        return told


def _certificate(found: Certificate) -> dict[str, Any]:
    return {
        "subject": _text(found.subject),
        "issuerdn": _text(found.issuer),
        "serial": found.serial,
        "fingerprint": found.fingerprint,
        "notbefore": found.not_before,
        "notafter": found.not_after,
    }


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _hello(transaction: TlsTransaction, direction: int) -> Hello | None:
    return transaction.client if direction == TO_SERVER else transaction.server


def _first(transaction: TlsTransaction, what: str) -> list[bytes] | None:
    chain = transaction.chains[TO_CLIENT]
    if not chain:
        return None
    value = getattr(chain[0], what)
    return [value.encode() if isinstance(value, str) else value]


def _random(transaction: TlsTransaction, direction: int, start: int, end: int) -> list[bytes] | None:
    hello = _hello(transaction, direction)
    return [hello.random[start:end]] if hello is not None else None


def _client_text(transaction: TlsTransaction, *, hashed: bool) -> list[bytes] | None:
    if transaction.client is None:
        return None
    text = fingerprints.ja3(transaction.client)
    return [(fingerprints.md5(text) if hashed else text).encode()]


def _server_text(transaction: TlsTransaction, *, hashed: bool) -> list[bytes] | None:
    if transaction.server is None:
        return None
    text = fingerprints.ja3s(transaction.server)
    return [(fingerprints.md5(text) if hashed else text).encode()]


def _name(transaction: TlsTransaction) -> list[bytes] | None:
    client = transaction.client
    return [client.name] if client is not None and client.name is not None else None


def _protocols(transaction: TlsTransaction, direction: int) -> list[bytes] | None:
    hello = _hello(transaction, direction)
    return hello.protocols if hello is not None else None


_BUFFERS: Final[dict[str, Any]] = {
    "tls.sni": lambda t, direction: _name(t),
    "tls.random": lambda t, direction: _random(t, direction, 0, 32),
    "tls.random_time": lambda t, direction: _random(t, direction, 0, 4),
    "tls.random_bytes": lambda t, direction: _random(t, direction, 4, 32),
    "tls.cert_subject": lambda t, direction: _first(t, "subject"),
    "tls.cert_issuer": lambda t, direction: _first(t, "issuer"),
    "tls.cert_serial": lambda t, direction: _first(t, "serial"),
    "tls.cert_fingerprint": lambda t, direction: _first(t, "fingerprint"),
    "tls.certs": lambda t, direction: [one.raw for one in t.chains[TO_CLIENT]],
    "tls.subjectaltname": lambda t, direction: (
        list(t.chains[TO_CLIENT][0].alternatives) if t.chains[TO_CLIENT] else None
    ),
    "tls.alpn": _protocols,
    "ja3.hash": lambda t, direction: _client_text(t, hashed=True),
    "ja3.string": lambda t, direction: _client_text(t, hashed=False),
    "ja3s.hash": lambda t, direction: _server_text(t, hashed=True),
    "ja3s.string": lambda t, direction: _server_text(t, hashed=False),
    "ja4.hash": lambda t, direction: [fingerprints.ja4(t.client).encode()] if t.client is not None else None,
}
