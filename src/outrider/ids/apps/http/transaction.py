"""A request and its answer: buffers and events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from outrider.ids.apps.http import uri
from outrider.ids.apps.http.head import Header
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER

BODY_LIMIT: Final = 102_400
"""Bytes of a body that are kept for rules."""


class Memory:
    """Bytes that the bodies of all connections may have; ``refused`` counts what found no room."""

    def __init__(self, limit: int = 32 << 20) -> None:
        self.limit = limit
        self.used = 0
        self.refused = 0


class Side:
    """One half. ``first`` is the line that begins it, ``raw`` its head as it came, ``raw_headers`` that without it."""

    __slots__ = ("_memory", "body", "done", "first", "headers", "protocol", "raw", "raw_headers", "seen", "size")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.seen = False
        self.done = False
        self.first = b""
        self.raw = b""
        self.raw_headers = b""
        self.protocol = b""
        self.headers: list[Header] = []
        self.body = bytearray()
        self.size = 0
        """Bytes of the body, decoded, beyond the limit too."""

    def take(self, data: bytes) -> None:
        """Part of the decoded body."""
        self.size += len(data)
        room = min(BODY_LIMIT - len(self.body), len(data))
        if room <= 0:
            return
        memory = self._memory
        if memory.used + room > memory.limit:
            memory.refused += room
            return
        memory.used += room
        self.body += data[:room]

    def values(self, name: bytes) -> list[bytes]:
        """The values of a header, by its name in small letters."""
        return [header.value for header in self.headers if header.name.lower() == name]

    def value(self, name: bytes) -> bytes | None:
        """Several values are joined with commas."""
        found = self.values(name)
        return b", ".join(found) if found else None


class HttpTransaction:
    """See ``outrider.ids.apps.transaction.Transaction``."""

    def __init__(self, number: int, memory: Memory) -> None:
        self.id = number
        self.fresh = [False, False]
        self.done = [False, False]
        self.alerted: set[tuple[int, int]] = set()
        self.sides = (Side(memory), Side(memory))
        self._memory = memory
        self.method = b""
        self.target = b""
        self.code = b""
        self.words = b""

    @property
    def request(self) -> Side:
        """What the client sent."""
        return self.sides[TO_SERVER]

    @property
    def response(self) -> Side:
        """What the server sent."""
        return self.sides[TO_CLIENT]

    def forget(self) -> None:
        """Nobody looks at it any more."""
        for side in self.sides:
            self._memory.used -= len(side.body)
            side.body = bytearray()

    def host(self) -> bytes | None:
        """As the target has it, else the Host header."""
        return uri.host_of(self.target) or self.request.value(b"host")

    def buffer(self, name: str, direction: int) -> Sequence[bytes]:
        side = self.sides[direction]
        if not side.seen:
            return ()
        find = _BUFFERS.get(name)
        found = find(self, side) if find is not None else None
        if found is None:
            return ()
        return found if isinstance(found, list) else (found,)

    def number(self, name: str) -> int | None:
        if not self.request.seen:
            return None
        if name == "urilen":
            return len(uri.plain(self.target))
        return len(self.target) if name == "urilen.raw" else None

    def event(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        request, response = self.request, self.response
        host = self.host()
        if host:
            told["hostname"] = _text(_host(host))
        if request.seen:
            told["url"] = _text(self.target)
        for name, header in (("http_user_agent", b"user-agent"), ("http_refer", b"referer")):
            value = request.value(header)
            if value is not None:
                told[name] = _text(value)
        kind = response.value(b"content-type")
        if kind is not None:
            told["http_content_type"] = _text(kind.partition(b";")[0].strip())
        if self.method:
            told["http_method"] = _text(self.method)
        protocol = request.protocol or response.protocol
        if protocol:
            told["protocol"] = _text(protocol)
        if self.code.isdigit():
            told["status"] = int(self.code)
            location = response.value(b"location")
            if location is not None:
                told["redirect"] = _text(location)
        told["length"] = response.size
        return told


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _host(value: bytes) -> bytes:
    """In small letters, without the port."""
    value = value.strip().lower()
    if value.startswith(b"["):
        return value.partition(b"]")[0] + b"]"
    return value.partition(b":")[0]


def _header(name: bytes) -> Callable[[HttpTransaction, Side], bytes | None]:
    return lambda transaction, side: side.value(name)


def _cookie_name(side: Side, transaction: HttpTransaction) -> bytes:
    return b"cookie" if side is transaction.request else b"set-cookie"


def _normal(transaction: HttpTransaction, side: Side) -> bytes | None:
    cookie = _cookie_name(side, transaction)
    joined: dict[bytes, tuple[bytes, list[bytes]]] = {}
    for header in side.headers:
        lower = header.name.lower()
        if lower != cookie:
            joined.setdefault(lower, (header.name, []))[1].append(header.value)
    made = b"".join(b"%s: %s\r\n" % (name, b", ".join(values)) for name, values in joined.values())
    return made or None


def _names(transaction: HttpTransaction, side: Side) -> bytes | None:
    if not side.headers:
        return None
    return b"\r\n" + b"".join(header.name + b"\r\n" for header in side.headers) + b"\r\n"


def _each(transaction: HttpTransaction, side: Side) -> list[bytes]:
    return [b"%s: %s" % header for header in side.headers]


def _body(transaction: HttpTransaction, side: Side) -> bytes | None:
    return bytes(side.body) if side.body else None


def _of_request(find: Callable[[HttpTransaction], bytes | None]) -> Callable[[HttpTransaction, Side], bytes | None]:
    return lambda transaction, side: find(transaction) if side is transaction.request else None


def _of_response(find: Callable[[HttpTransaction], bytes | None]) -> Callable[[HttpTransaction, Side], bytes | None]:
    return lambda transaction, side: find(transaction) if side is transaction.response else None


def _plain_host(transaction: HttpTransaction) -> bytes | None:
    host = transaction.host()
    return None if host is None else _host(host)


_BUFFERS: Final[dict[str, Callable[[HttpTransaction, Side], Any]]] = {
    "http.method": _of_request(lambda t: t.method or None),
    "http.uri": _of_request(lambda t: uri.plain(t.target) or None),
    "http.uri.raw": _of_request(lambda t: t.target or None),
    "http.host": _of_request(_plain_host),
    "http.host.raw": _of_request(lambda t: t.host()),
    "http.user_agent": _header(b"user-agent"),
    "http.referer": _header(b"referer"),
    "http.accept": _header(b"accept"),
    "http.accept_lang": _header(b"accept-language"),
    "http.accept_enc": _header(b"accept-encoding"),
    "http.connection": _header(b"connection"),
    "http.content_type": _header(b"content-type"),
    "http.content_len": _header(b"content-length"),
    "http.location": _header(b"location"),
    "http.server": _header(b"server"),
    "http.cookie": lambda t, side: side.value(_cookie_name(side, t)),
    "http.header": _normal,
    "http.header.raw": lambda t, side: side.raw_headers or None,
    "http.header_names": _names,
    "http.request_header": _each,
    "http.response_header": _each,
    "http.start": lambda t, side: side.raw or None,
    "http.protocol": lambda t, side: side.protocol or None,
    "http.request_line": _of_request(lambda t: t.request.first or None),
    "http.response_line": _of_response(lambda t: t.response.first or None),
    "http.stat_code": _of_response(lambda t: t.code or None),
    "http.stat_msg": _of_response(lambda t: t.words or None),
    "http.request_body": _body,
    "http.response_body": _body,
    "file.data": _body,
}
