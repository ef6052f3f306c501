"""A program of its own: a moto server, which stands in for AWS, on a port of its choice.

It runs as a file, since it needs nothing else of Outrider: ``stand_in.py ADDRESS NETWORK…`` prints two ports. On the
first, at the address, it answers nobody but peers in one of the networks. The second, on loopback, is for whoever
started it: Docker's address translation gives a machine that talks to its own bridge another address.
"""

from __future__ import annotations

import ipaddress
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

_LOOPBACK = "127.0.0.1"


class Guarded:
    """An application for peers of some networks; others get 403."""

    def __init__(self, application: Application, networks: list[str]) -> None:
        self._application = application
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def __call__(self, environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        peer = ipaddress.ip_address(environment["REMOTE_ADDR"])
        if any(peer in network for network in self._networks):
            return self._application(environment, start)
        start("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"this stand-in for AWS is a task's own\n"]


class _Silent(MotoRequestHandler):
    """Without a line on standard error for each request."""

    def log(self, *arguments: Any) -> None:
        """See werkzeug."""


def main(address: str, networks: list[str]) -> None:
    """Serve until killed."""
    aws = DomainDispatcherApplication(create_backend_app)
    doors = [(address, networks), (_LOOPBACK, ["127.0.0.0/8"])]
    servers = [
        make_server(host, 0, Guarded(aws, peers), threaded=True, request_handler=_Silent) for host, peers in doors
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    print(*(server.port for server in servers), flush=True)  # noqa: T201 - whoever started this reads it


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
