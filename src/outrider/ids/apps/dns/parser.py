"""The messages of a flow."""

from __future__ import annotations

from collections import Counter
from typing import Final

from outrider.ids.apps.dns.message import MessageError, likely, read
from outrider.ids.apps.dns.transaction import DnsTransaction
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER

TRANSACTIONS: Final = 512
_WAITING: Final = 65_537


def begins(data: bytes) -> bool:
    """Whether a datagram is likely a message."""
    return likely(data)


def begins_stream(data: bytes) -> bool:
    """Whether a stream is likely of messages, each behind its length."""
    return len(data) >= 14 and int.from_bytes(data[:2], "big") >= 12 and likely(data[2:])


class DnsParser:
    """See ``outrider.ids.apps.transaction.Parser``. ``stream``: each message stands behind its length."""

    name = "dns"

    def __init__(self, counters: Counter[str], *, stream: bool) -> None:
        self.transactions: list[DnsTransaction] = []
        self._counters = counters
        self._stream = stream
        self._waiting = [b"", b""]
        self._stopped = [False, False]
        self._number = 0

    def feed(self, direction: int, data: bytes) -> None:
        if not self._stream:
            self._message(direction, data)
            return
        if self._stopped[direction]:
            return
        data = self._waiting[direction] + data
        at = 0
        while at + 2 <= len(data):
            size = int.from_bytes(data[at : at + 2], "big")
            if at + 2 + size > len(data):
                break
            self._message(direction, data[at + 2 : at + 2 + size])
            at += 2 + size
        self._waiting[direction] = data[at:][:_WAITING]

    def _message(self, direction: int, data: bytes) -> None:
        try:
            message = read(data)
        except MessageError:
            self._counters["dns.invalid"] += 1
            return
        told = TO_CLIENT if message.answer else TO_SERVER
        if told != direction:
            self._counters["dns.other_direction"] += 1
        self.transactions.append(DnsTransaction(self._number, direction, message))
        self._number += 1
        if len(self.transactions) > TRANSACTIONS:
            self.transactions.pop(0)
            self._counters["dns.too_many_transactions"] += 1

    def gap(self, direction: int, size: int) -> None:
        self._waiting[direction] = b""
        self._counters["dns.gaps"] += 1

    def end(self, direction: int) -> None:
        self._waiting[direction] = b""
        self._stopped[direction] = True
