"""Both directions of an HTTP/1 connection."""

from __future__ import annotations

from collections import Counter
from typing import Final

from outrider.ids.apps.http import head
from outrider.ids.apps.http.body import LAYERS, Chunks, Inflation, layers
from outrider.ids.apps.http.transaction import BODY_LIMIT, HttpTransaction, Memory, Side
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER

TRANSACTIONS: Final = 256
"""Most that are kept of a connection at once."""


class _Body:
    """What is left of a body, and how to read it. ``left`` of -1 goes on until the end of the connection."""

    def __init__(
        self, side: Side, left: int, *, chunked: bool, compressed: list[bytes], counters: Counter[str]
    ) -> None:
        self.left = left
        self.chunks = Chunks() if chunked else None
        self._side = side

        def count(name: str) -> None:
            counters[name] += 1

        self._layers = [Inflation(count, frozenset(compressed)) for _ in compressed]

    def feed(self, data: bytes, at: int) -> tuple[bool, int]:
        """Whether it is over, and where in the data it ends."""
        if self.chunks is not None:
            part, at = self.chunks.feed(data, at)
        else:
            end = len(data) if self.left < 0 else min(at + self.left, len(data))
            part = data[at:end]
            if self.left >= 0:
                self.left -= len(part)
            at = end
        self._take(part)
        return (self.chunks.done if self.chunks is not None else self.left == 0), at

    def _take(self, data: bytes) -> None:
        for layer in self._layers:
            data = layer.feed(data)
        self._side.take(data)

    def end(self) -> None:
        """Nothing more comes."""
        data = b""
        for layer in self._layers:
            data = (layer.feed(data) if data else b"") + layer.end()
        self._side.take(data)


class HttpParser:
    """See ``outrider.ids.apps.transaction.Parser``."""

    name = "http"

    def __init__(
        self,
        counters: Counter[str],
        most_layers: int = LAYERS,
        body_limit: int = BODY_LIMIT,
        memory: Memory | None = None,
    ) -> None:
        """``memory`` is what the bodies of all connections share."""
        self.transactions: list[HttpTransaction] = []
        self._counters = counters
        self._layers = most_layers
        self._limit = body_limit
        self._memory = memory or Memory()
        self._waiting = [bytearray(), bytearray()]
        self._looked = [0, 0]
        self._body: list[_Body | None] = [None, None]
        self._current: list[HttpTransaction | None] = [None, None]
        self._number = 0
        self._unanswered: list[HttpTransaction] = []
        self._stopped = [False, False]

    def feed(self, direction: int, data: bytes) -> None:
        at = 0
        while at < len(data) and not self._stopped[direction]:
            body = self._body[direction]
            if body is None:
                at = self._head(direction, data, at)
                continue
            over, at = body.feed(data, at)
            transaction = self._current[direction]
            assert transaction is not None
            if over:
                self._finish(direction, body)
            elif transaction.sides[direction].size >= self._limit:
                transaction.fresh[direction] = True

    def _head(self, direction: int, data: bytes, at: int) -> int:
        """Collect a head; returns where in the data it ends."""
        waiting = self._waiting[direction]
        if not waiting and (direction == TO_SERVER or self._current[direction] is None or _begins(data[at : at + 64])):
            end = head.end_of(data, at)
            if end >= 0:
                self._heard(direction, data[at:end])
                return end
        waiting += data[at:]
        current = self._current[direction]
        if direction == TO_CLIENT and current is not None and not _begins(waiting[:64]):
            if len(waiting) < 16 and _may_begin(waiting):
                return len(data)
            current.response.take(bytes(waiting))  # more than the length told, or an answer without a head
            current.fresh[TO_CLIENT] = True
            waiting.clear()
            return len(data)
        end = head.end_of(waiting, 0, max(self._looked[direction] - 4, 0))
        if end < 0:
            self._looked[direction] = len(waiting)
            if len(waiting) > head.HEAD_LIMIT:
                self._counters["http.head_too_long"] += 1
                self._stopped[direction] = True
                waiting.clear()
            return len(data)
        told, rest = bytes(waiting[:end]), len(waiting) - end
        waiting.clear()
        self._looked[direction] = 0
        self._heard(direction, told)
        return len(data) - rest

    def _heard(self, direction: int, told: bytes) -> None:
        (self._request if direction == TO_SERVER else self._response)(told)

    def _new(self) -> HttpTransaction:
        transaction = HttpTransaction(self._number, self._memory)
        self._number += 1
        self.transactions.append(transaction)
        if len(self.transactions) > TRANSACTIONS:
            self.transactions.pop(0).forget()
            self._counters["http.too_many_transactions"] += 1
        return transaction

    def _request(self, told: bytes) -> None:
        transaction = self._new()
        self._unanswered.append(transaction)
        if len(self._unanswered) > TRANSACTIONS:
            self._unanswered.pop(0)
        side = transaction.request
        self._fill(side, told)
        transaction.method, transaction.target, side.protocol = head.request(side.first)
        self._current[TO_SERVER] = transaction
        chunked = _chunked(side)
        length = _length(side)
        if chunked or length > 0:
            self._begin_body(TO_SERVER, side, length if length > 0 else -1, chunked=chunked)
        else:
            self._over(TO_SERVER, transaction)

    def _response(self, told: bytes) -> None:
        transaction = self._unanswered.pop(0) if self._unanswered else self._new()
        side = transaction.response
        self._fill(side, told)
        side.protocol, transaction.code, transaction.words = head.status(side.first)
        self._current[TO_CLIENT] = transaction
        length = _length(side)
        chunked = _chunked(side)
        if transaction.code == b"100" and length <= 0 and not chunked:
            side.headers, side.seen = [], False
            self._unanswered.insert(0, transaction)
            self._current[TO_CLIENT] = None
            return
        if transaction.code == b"101" or (transaction.method == b"CONNECT" and transaction.code[:1] == b"2"):
            self._stopped = [True, True]
            self._over(TO_CLIENT, transaction)
            return
        empty = not chunked and (length == 0 or (length < 0 and transaction.code in (b"204", b"304")))
        if transaction.method == b"HEAD" or empty:
            self._over(TO_CLIENT, transaction)
        else:
            self._begin_body(TO_CLIENT, side, length, chunked=chunked)

    def _fill(self, side: Side, told: bytes) -> None:
        lines = head.lines(told.replace(b"\x00", b"") if b"\x00" in told else told)
        side.seen = True
        side.first = lines[0] if lines else b""
        side.raw = told.lstrip(b"\r\n")
        side.raw_headers = side.raw.partition(b"\n")[2]
        side.headers = head.headers(lines[1:])

    def _begin_body(self, direction: int, side: Side, left: int, *, chunked: bool) -> None:
        compressed = layers(side.values(b"content-encoding"))[: self._layers] if direction == TO_CLIENT else []
        self._body[direction] = _Body(side, left, chunked=chunked, compressed=compressed, counters=self._counters)

    def _finish(self, direction: int, body: _Body) -> None:
        body.end()
        self._body[direction] = None
        transaction = self._current[direction]
        assert transaction is not None
        self._over(direction, transaction)

    def _over(self, direction: int, transaction: HttpTransaction) -> None:
        transaction.sides[direction].done = True
        transaction.done[direction] = True
        transaction.fresh[direction] = True

    def gap(self, direction: int, size: int) -> None:
        body = self._body[direction]
        if body is None or body.chunks is not None or 0 <= body.left < size:
            self._stopped[direction] = True
        elif body.left >= 0:
            body.left -= size
        self._counters["http.gaps"] += 1

    def end(self, direction: int) -> None:
        body = self._body[direction]
        if body is not None:
            self._finish(direction, body)
        elif self._waiting[direction] and not self._stopped[direction]:
            waiting = bytes(self._waiting[direction])
            self._waiting[direction].clear()
            if direction == TO_SERVER or _begins(waiting):
                (self._request if direction == TO_SERVER else self._response)(waiting)
                if self._body[direction] is not None:
                    self.end(direction)
        self._stopped[direction] = True


def _begins(data: bytes | bytearray) -> bool:
    return data.lstrip(b"\r\n\x00 \t")[:5].upper() == b"HTTP/"


def _may_begin(data: bytes | bytearray) -> bool:
    return b"HTTP/".startswith(bytes(data.lstrip(b"\r\n\x00 \t")[:5]).upper())


def _chunked(side: Side) -> bool:
    """Whether the word stands anywhere in the head: what does not look like chunks is not taken apart after all."""
    return b"chunked" in side.raw.lower()


def _length(side: Side) -> int:
    """The first length that is one, -1 if there is none."""
    for value in side.values(b"content-length"):
        digits = bytes(value).strip().strip(b"'\"").partition(b",")[0].strip()
        if digits.isdigit() and len(digits) < 16:
            return int(digits)
    return -1
