"""Where records with numbers arrive over HTTP: a server that keeps what it is sent, and misbehaves as it is told."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RECORD = re.compile(rb'"n":(\d+),"text":"([^"]*)"')
_RESET = struct.pack("ii", 1, 0)


def text_of(number: int) -> bytes:
    """What the record of that number says, so that one that was altered is found."""
    return b"record %d says %d %s" % (number, number * 7919 % 1_000_003, b"x" * (number % 60))


@dataclass
class Behaviour:
    """What the server does with requests."""

    status: int = 200
    retry_after: int = 0
    resets: bool = False
    """Read a little, then reset the connection."""


@dataclass
class Arrived:
    """What came: whole bodies that were answered with 200, and when the last one came (monotonic)."""

    bodies: list[bytes] = field(default_factory=list)
    last: float = 0.0

    def numbers(self) -> tuple[Counter[int], int]:
        """How often each record came, and how many came altered."""
        found, altered = Counter[int](), 0
        for body in list(self.bodies):
            for number, text in RECORD.findall(body):
                found[int(number)] += 1
                altered += text != text_of(int(number))
        return found, altered


class Collector:
    """A server on a port of 127.0.0.1 that may be shut and opened again. ``wrap`` makes TLS of a connection.

    ``keeps``: whether bodies are kept to be counted.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        self.arrived = Arrived()
        self.keeps = keeps
        self.behaviour = Behaviour()
        self.wrap: Callable[[socket.socket], socket.socket] | None = None
        self.port = 0
        self._server: _Server | None = None
        self.open()

    def open(self) -> None:
        """Listen."""
        self._server = _Server(("127.0.0.1", self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def shut(self) -> None:
        """Close the listener and every connection."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], collector: Collector) -> None:
        self.collector = collector
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.collector.wrap is not None:
            connection = self.collector.wrap(connection)
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The peer has gone in the middle: what had come is not kept."""

    def hang_up(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        collector = self.server.collector
        length = int(self.headers["Content-Length"])
        if collector.behaviour.resets:
            self.rfile.read(min(length, 1000))
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        behaviour = collector.behaviour
        if behaviour.status == 200:
            if collector.keeps:
                collector.arrived.bodies.append(body)
            collector.arrived.last = time.monotonic()
        self.send_response(behaviour.status)
        if behaviour.retry_after:
            self.send_header("Retry-After", str(behaviour.retry_after))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass


def server_side(certificate: Callable[[], tuple[str, str]]) -> Callable[[socket.socket], socket.socket]:
    """TLS with the certificate and key that are valid at the moment a connection comes."""

    def wrap(connection: socket.socket) -> socket.socket:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate())
        return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)

    return wrap
