"""The steps to a peer, one by one, for who wants to know which of them fails. No proxy, nothing kept.

Every call ends when its caller gives up: names are looked up in threads that nobody waits for at the end.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from outrider.model.errors import PeerError
from outrider.net.connect import Target, connect
from outrider.net.threads import detached

T = TypeVar("T")

_ANSWER_MAX: Final = 1 << 16
_DATAGRAM_MAX: Final = 4096
_ROOT_SERVERS: Final = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"\x00" + b"\x00\x02\x00\x01"
"""A question about the name servers of the root, behind its number. Source: RFC 1035, section 4.1."""


class Answer(msgspec.Struct, frozen=True):
    """What a server said. ``date``: its header of that name."""

    status: int
    date: str
    body: bytes


async def in_thread(function: Callable[[], T]) -> T:
    """What a call gives that may block; when the wait is cancelled the call goes on, and dies with the process."""
    found: list[T] = []

    def call() -> None:
        found.append(function())

    await detached(call)
    return found[0]


async def addresses(host: str) -> list[str]:
    """The addresses of a name, each once, in the order in which they are tried. Raises PeerError."""
    try:
        found = await in_thread(lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        raise PeerError(f"the name {host} cannot be looked up: {getattr(error, 'strerror', None) or error}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def connected(target: Target) -> None:
    """Connect, with TLS where the target has it, and hang up. Raises PeerError."""
    if not target.path:
        (address, *_) = await addresses(target.host)
        target = msgspec.structs.replace(target, host=address, server_name=target.server_name or target.host)
    try:
        connection = await connect(target)
    except PeerError as error:
        number = getattr(error.__cause__, "errno", None)
        if not number or number < 0 or isinstance(error.__cause__, ssl.SSLError):
            raise
        raise PeerError(f"{target}: {os.strerror(number)}") from error  # asyncio has words of its own
    connection.close()


async def certificate(host: str, port: int) -> bytes:
    """The certificate (DER) that a server shows, whatever it is worth. Raises PeerError."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    except (OSError, ssl.SSLError) as error:
        raise PeerError(f"{host}:{port} does not speak TLS: {error}") from error
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return bytes(shown or b"")


async def distrust(host: str, port: int, context: ssl.SSLContext) -> str:
    """Why TLS does not trust a server; empty: it does. Raises PeerError where there is no TLS."""
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message or str(error)
    except (OSError, ssl.SSLError) as error:
        raise PeerError(f"{host}:{port} does not speak TLS: {error}") from error
    writer.transport.abort()
    return ""


async def ask(url: str, context: ssl.SSLContext) -> Answer:
    """GET. Raises PeerError."""
    import aiohttp  # where it is asked for

    try:
        connector = aiohttp.TCPConnector(ssl=context)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            body = await answer.content.read(_ANSWER_MAX)
            return Answer(answer.status, answer.headers.get("Date", ""), body)
    except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
        raise PeerError(f"{url}: {error or type(error).__name__}") from error


async def answers_questions(address: str, port: int = 53) -> None:
    """Ask a name server something that each can answer, over UDP. Raises PeerError; waits as long as it is let."""
    number = os.urandom(2)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    loop = asyncio.get_running_loop()
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, (address, port))
            await loop.sock_sendall(sock, number + _ROOT_SERVERS)
            while (await loop.sock_recv(sock, _DATAGRAM_MAX))[:2] != number:
                continue
        except OSError as error:
            raise PeerError(f"the name server {address} does not answer: {error.strerror}") from error
