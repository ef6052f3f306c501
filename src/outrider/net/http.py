"""HTTP requests over kept connections: one client a plugin, one call a batch.

The request goes out as it is given: path and headers byte for byte, no redirects, no cookies, nothing added but
``Host`` and ``Content-Length``, so that signatures over it hold. Whatever keeps an answer from coming is a PeerError
that names the peer and the cause, and no address of a proxy with its password.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable
from urllib.parse import urlsplit

from outrider.model.errors import PeerError, UserError
from outrider.net.connect import Target
from outrider.net.upstream import UpstreamOptions, target

if TYPE_CHECKING:
    import aiohttp

ANSWER_MAX: Final = 4 << 20
"""Bytes of an answer that are kept; what follows is not read and ends the connection."""

_PIECE: Final = 1 << 17
_SLOWEST: Final = 16_384
"""Bytes a second: a peer that takes its request this slowly still gets its time."""
_UNACKNOWLEDGED_SECONDS: Final = 30
"""What the peer's kernel leaves unacknowledged for so long has gone nowhere, and the connection with it."""
_FOREVER: Final = 86_400.0
_QUOTED_MAX: Final = 200
_TRY_AGAIN: Final = frozenset({408, 429})
_AFTER_MAX: Final = 3600.0

_AUTOMATIC: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_FRAMING: Final = frozenset({"connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"})
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_MAX: Final = 4096
Headers = Sequence[tuple[str, str]]


@runtime_checkable
class Streamed(Protocol):
    """A body that is read while it goes out, such as a file: the same bytes each time."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def __iter__(self) -> Iterator[bytes]: ...


Body = bytes | Sequence[bytes] | Streamed


@dataclass(frozen=True, slots=True)
class Answer:
    """What the peer said. ``headers`` are case-insensitive.

    ``body`` is at most the client's ``answer_max`` bytes; ``whole``: it has no more.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True

    @property
    def quoted(self) -> str:
        """The status and the beginning of the body, printable, for errors."""
        text = self.body[: 4 * _QUOTED_MAX].decode("utf-8", "replace").strip()
        text = "".join([c if c.isprintable() else " " for c in text])[:_QUOTED_MAX]
        return f"HTTP {self.status}: {text}" if text else f"HTTP {self.status}"


def refusal(answer: Answer) -> PeerError | None:
    """What an answer means for the records of its request; None: delivered (2xx).

    408, 429 and everything that is not 4xx may go well later, after ``Retry-After`` where the peer says so; another
    4xx never will: the records are dropped with the status and the beginning of the body as the reason.
    """
    if 200 <= answer.status < 300:
        return None
    retry = not 400 <= answer.status < 500 or answer.status in _TRY_AGAIN
    return PeerError(answer.quoted, retry=retry, after=retry_after(answer) if retry else 0.0)


def retry_after(answer: Answer) -> float:
    """Seconds that the peer asks to wait (a number or a date), an hour at most; 0 where it says nothing of use."""
    text = answer.headers.get("Retry-After", "").strip()
    if not text:
        return 0.0
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _AFTER_MAX)
    from email.utils import parsedate_to_datetime  # 3 MB that most never need

    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max((when - datetime.now(UTC)).total_seconds(), 0.0), _AFTER_MAX)


def proxy_for(host: str, *, tls: bool, option: str = "") -> str:
    """The proxy's URL, or an empty string: the option, else HTTPS_PROXY or HTTP_PROXY unless NO_PROXY names the host.

    As in Fluent Bit HTTP_PROXY serves TLS as well where HTTPS_PROXY is not set. Raises UserError for no such URL.
    """
    url = option
    if not url:
        environment = {name.lower(): value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        url = (tls and environment.get("https_proxy")) or environment.get("http_proxy") or ""
        if url and _is_direct(host, environment.get("no_proxy", "")):
            return ""
    if url and "://" not in url:
        url = f"http://{url}"
    if url and not _is_http(url):
        raise UserError("the proxy is not the URL of an HTTP proxy", fix="use http://host:port")
    return url


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that hold no address, a port that is no number
        return False


def basic_auth(user: str, password: str) -> tuple[str, str]:
    """The Authorization header of RFC 7617."""
    return "Authorization", "Basic " + base64.b64encode(
        f"{user}:{password}".encode("utf-8", "surrogateescape")
    ).decode()


def header_value(text: str) -> str:
    """Text that somebody else chose, as the value of a header: one line, bounded."""
    return "".join([c if c.isprintable() else "_" for c in text[:_HEADER_MAX]])


def check_header(name: str, value: str) -> None:
    """Raise UserError for what no header can be."""
    if not _TOKEN.fullmatch(name):
        raise UserError(f"'{name}' is not the name of an HTTP header", fix="write: header NAME VALUE")
    if not value.isprintable():
        raise UserError(f"the value of header {name} holds characters that no header can hold")


def is_foreign_header(name: str) -> bool:
    """Whether a record may bring a header of this name: a token, and none that says where the request ends."""
    return _TOKEN.fullmatch(name) is not None and name.lower() not in _FRAMING


def _is_direct(host: str, names: str) -> bool:
    """Whether NO_PROXY names the host, a domain that it is in, or everything (``*``)."""
    host = host.lower()
    items = [item.strip().lower().removeprefix("*").removeprefix(".") for item in names.split(",") if item.strip()]
    return any(not item or host == item or host.endswith(f".{item}") for item in items)


class HttpClient:
    """Requests to one host. Made by ``http_client``; the first request opens the first connection.

    ``answer_max``: bytes of an answer that are kept; ``read_idle_timeout``: seconds that the peer may be silent, 0: as
    long as the answer may take. Both are set before the first request.
    """

    def __init__(
        self, options: UpstreamOptions, host: str, port: int, tls: ssl.SSLContext | None = None, proxy: str = ""
    ) -> None:
        self.answer_max = ANSWER_MAX
        self.read_idle_timeout = 0.0
        self._options = options
        self.host = host
        self.port = port
        self._tls = tls
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def peers(self) -> list[Target]:
        """What it connects to: the host, or the proxy before it."""
        if not self._proxy:
            return [target(self._options, self.host, self.port, self._tls)]
        parts = urlsplit(self._proxy)
        return [target(self._options, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))]

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Headers = (),
        body: Body = b"",
        timeout: float = 60.0,  # noqa: ASYNC109 - it counts from where the request is out
    ) -> Answer:
        """Send and wait for the whole answer, whatever its status.

        ``path`` goes out as it is, with what follows a ``?``; ``timeout`` is for the answer, a large body has more.
        A kept connection that the peer has closed in the meantime is replaced once. Raises PeerError when no answer
        came, and ValueError for a path or header that HTTP has no form for.
        """
        if not (path.isascii() and path.isprintable() and path.startswith("/")) or " " in path:
            raise ValueError("a path begins with '/' and is printable ASCII without blanks")
        pieces: Iterable[bytes] = [body] if isinstance(body, bytes) else body
        size = body.size if isinstance(body, Streamed) else sum(map(len, pieces))
        try:
            async with asyncio.timeout(timeout + size / _SLOWEST):
                reused: list[bool] = []
                try:
                    return await self._send(method, path, headers, pieces, size, reused)
                except _dropped():
                    if not reused:
                        raise
                return await self._send(method, path, headers, pieces, size, reused)
        except _failures() as error:
            raise PeerError(f"{self}: {_cause(error, timeout, self._options.net_connect_timeout)}") from None

    async def _send(
        self, method: str, path: str, headers: Headers, pieces: Iterable[bytes], size: int, reused: list[bool]
    ) -> Answer:
        from yarl import URL

        session = self._session = self._session or self._open()
        route, mark, query = path.partition("?")
        url = URL.build(
            scheme="https" if self._tls else "http",
            host=self.host,
            port=self.port,
            path=route,
            query_string=query if mark else "",
            encoded=True,
        )
        sent = list(headers)
        data: Any = None
        if size > _PIECE:
            data = _in_pieces(pieces)
            sent.append(("Content-Length", str(size)))
        elif size:
            data = b"".join(pieces)
        async with session.request(
            method,
            url,
            headers=sent,
            data=data,
            allow_redirects=False,
            skip_auto_headers=_AUTOMATIC,
            server_hostname=(self._options.tls_vhost or None) if self._tls else None,
            proxy=self._proxy or None,
            trace_request_ctx=reused,
        ) as response:
            kept: list[bytes] = []
            room = self.answer_max
            async for part in response.content.iter_any():
                kept.append(part[:room])
                room -= len(part)
                if room < 0:
                    response.close()
                    break
            return Answer(response.status, response.headers, b"".join(kept), room >= 0)

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        from outrider.net.informed import inform

        options = self._options
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        connector = aiohttp.TCPConnector(
            ssl=self._tls or True,
            limit=0,  # the pipeline bounds what is under way
            force_close=not options.net_keepalive,
            keepalive_timeout=None if not options.net_keepalive else options.net_keepalive_idle_timeout or _FOREVER,
            family=socket.AF_INET6 if options.ipv6 else socket.AF_UNSPEC,
            local_addr=(options.net_source_address, 0) if options.net_source_address else None,
            socket_factory=self._socket,
        )
        inform(connector)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=options.net_connect_timeout or None, sock_read=self.read_idle_timeout or None
            ),
            trace_configs=[trace],
        )

    def _socket(self, address: Any) -> socket.socket:
        family, kind, protocol, *_ = address
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            seconds = self._options.net_io_timeout or _UNACKNOWLEDGED_SECONDS
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * seconds)
        if self._options.net_tcp_keepalive:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return made

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def http_client(
    options: UpstreamOptions, host: str, port: int, tls: ssl.SSLContext | None = None, proxy: str = ""
) -> HttpClient:
    """A client with an output's network options, through ``proxy`` or the proxy that the environment names.

    Raises UserError when that is none.
    """
    return HttpClient(options, host, port, tls, proxy_for(host, tls=tls is not None, option=proxy))


async def _note_reuse(_session: Any, context: Any, _params: Any) -> None:
    context.trace_request_ctx.append(True)


async def _in_pieces(pieces: Iterable[bytes]) -> AsyncIterator[memoryview]:
    """Slices that the transport can take one by one, without a copy of the whole."""
    for piece in pieces:
        view = memoryview(piece)
        for start in range(0, len(view), _PIECE):
            yield view[start : start + _PIECE]


def _dropped() -> tuple[type[Exception], ...]:
    import aiohttp

    return aiohttp.ServerDisconnectedError, aiohttp.ClientOSError


def _failures() -> tuple[type[Exception], ...]:
    import aiohttp

    return aiohttp.ClientError, TimeoutError, OSError


def _cause(error: BaseException, timeout: float, connect_timeout: float) -> str:
    """What failed, in few words; never a URL, which may hold a password."""
    import aiohttp

    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"the certificate is not valid: {error.certificate_error}"
        case aiohttp.ClientProxyConnectionError():
            return f"no connection to the proxy: {_said(error.os_error)}"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy refused: HTTP {error.status}"
        case aiohttp.ClientConnectorError():
            return _said(error.os_error)
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {connect_timeout:g} seconds"
        case aiohttp.SocketTimeoutError():
            return "read idle timeout reached: the peer fell silent"
        case TimeoutError():
            return f"response timeout reached: no answer within {timeout:g} seconds"
        case aiohttp.ServerDisconnectedError():
            return "the peer closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return "the answer was cut off"
        case aiohttp.ClientResponseError():
            return header_value(f"not an HTTP answer: {' '.join(error.message.split())}")[: 2 * _QUOTED_MAX]
        case OSError():
            return _said(error)
        case _:
            return type(error).__name__


def _said(error: OSError) -> str:
    """The system's word for it, where there is one: asyncio writes whole addresses instead."""
    if isinstance(error, socket.gaierror | ssl.SSLError) or not error.errno or error.errno < 0:
        return error.strerror or str(error) or type(error).__name__
    return os.strerror(error.errno)
