"""Records and the handshake's messages in them."""

from __future__ import annotations

from collections import Counter
from typing import Final

from outrider.ids.apps.tls import certificate
from outrider.ids.apps.tls.hello import Hello, HelloError, client, server
from outrider.ids.apps.tls.transaction import TlsTransaction
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER

MESSAGE_LIMIT: Final = 1 << 17
CERTIFICATES: Final = 16
_CHANGE, _ALERT, _HANDSHAKE, _DATA = 20, 21, 22, 23
_CLIENT_HELLO, _SERVER_HELLO, _CERTIFICATE, _DONE = 1, 2, 11, 14


class TlsParser:
    """See ``outrider.ids.apps.transaction.Parser``. What is encrypted is passed over."""

    name = "tls"

    def __init__(self, counters: Counter[str]) -> None:
        self._transaction = TlsTransaction()
        self.transactions: list[TlsTransaction] = [self._transaction]
        self._counters = counters
        self._waiting = [b"", b""]
        self._message = [b"", b""]
        self._secret = [False, False]
        self._stopped = [False, False]

    def feed(self, direction: int, data: bytes) -> None:
        if self._stopped[direction]:
            return
        data = self._waiting[direction] + data
        at = 0
        if direction == TO_SERVER and self._transaction.client is None and len(data) > 2 and data[0] & 0x80:
            at = self._old_hello(data)
        while at + 5 <= len(data):
            kind, version = data[at], data[at + 1] << 8 | data[at + 2]
            size = data[at + 3] << 8 | data[at + 4]
            if kind not in (_CHANGE, _ALERT, _HANDSHAKE, _DATA, 24) or version >> 8 not in (3, 0x7F):
                self._counters["tls.invalid_record"] += 1
                self._finish(direction)
                return
            if at + 5 + size > len(data):
                break
            self._record(direction, kind, version, data[at + 5 : at + 5 + size])
            at += 5 + size
            if self._stopped[direction]:
                return
        self._waiting[direction] = data[at:]

    def _old_hello(self, data: bytes) -> int:
        """A ClientHello in the form of SSL 2; returns where it ends."""
        size = (data[0] & 0x7F) << 8 | data[1]
        if len(data) < 2 + size or size < 9 or data[2] != 1:
            return 0
        version = data[3] << 8 | data[4]
        count = data[5] << 8 | data[6]
        body = data[11 : 11 + count]
        ciphers = [body[at + 1] << 8 | body[at + 2] for at in range(0, len(body) - 2, 3) if not body[at]]
        self._transaction.client = Hello(version, version, b"", b"", ciphers)
        self._said(TO_SERVER)
        return 2 + size

    def _record(self, direction: int, kind: int, version: int, body: bytes) -> None:
        self._transaction.record_version = self._transaction.record_version or version
        if kind == _CHANGE:
            self._secret[direction] = True
            if direction == TO_CLIENT and not self._transaction.chains[TO_CLIENT]:
                self._transaction.resumed = self._resumed()
            self._said(direction)
        elif kind == _DATA:
            self._finish(direction)
        elif kind == _HANDSHAKE and not self._secret[direction]:
            self._handshake(direction, body)

    def _resumed(self) -> bool:
        """Whether an older session goes on: nobody has shown a certificate, and this is no TLS 1.3."""
        hello = self._transaction.server
        return hello is not None and hello.version < 0x0304

    def _handshake(self, direction: int, body: bytes) -> None:
        data = self._message[direction] + body
        while len(data) >= 4:
            size = int.from_bytes(data[1:4], "big")
            if size > MESSAGE_LIMIT:
                self._counters["tls.message_too_long"] += 1
                self._finish(direction)
                return
            if len(data) < 4 + size:
                break
            self._say(direction, data[0], data[4 : 4 + size])
            data = data[4 + size :]
        self._message[direction] = data

    def _say(self, direction: int, kind: int, body: bytes) -> None:
        transaction = self._transaction
        try:
            if kind == _CLIENT_HELLO and direction == TO_SERVER and transaction.client is None:
                transaction.client = client(body)
            elif kind == _SERVER_HELLO and direction == TO_CLIENT and transaction.server is None:
                transaction.server = server(body)
            elif kind == _CERTIFICATE and not transaction.chains[direction]:
                self._certificates(direction, body)
            elif kind != _DONE:
                return
        except HelloError:
            self._counters["tls.invalid_hello"] += 1
            return
        self._said(direction)

    def _certificates(self, direction: int, body: bytes) -> None:
        end = min(3 + int.from_bytes(body[:3], "big"), len(body))
        at = 3
        chain = self._transaction.chains[direction]
        while at + 3 <= end and len(chain) < CERTIFICATES:
            size = int.from_bytes(body[at : at + 3], "big")
            try:
                chain.append(certificate.read(body[at + 3 : at + 3 + size]))
            except certificate.CertificateError:
                self._counters["tls.invalid_certificate"] += 1
            at += 3 + size

    def _said(self, direction: int) -> None:
        self._transaction.fresh[direction] = True

    def _finish(self, direction: int) -> None:
        """Nothing that can be read comes any more."""
        self._stopped[direction] = True
        self._waiting[direction] = self._message[direction] = b""
        self._transaction.done[direction] = True
        self._said(direction)

    def gap(self, direction: int, size: int) -> None:
        self._counters["tls.gaps"] += 1
        self._finish(direction)

    def end(self, direction: int) -> None:
        if not self._stopped[direction]:
            self._finish(direction)
