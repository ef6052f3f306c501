"""A program of its own: a moto server, which stands in for AWS, on a port of its choice.

It runs as a file, since it needs nothing else of Outrider: ``stand_in.py ADDRESS NETWORK…`` prints two ports. On the
first, at the address, it answers nobody but peers in one of the networks. The second, on loopback, is for whoever
started it: Docker's address translation gives a machine that talks to its own bridge another address. There, it answers
nobody who does not send, as ``HEADER``, what the environment variable ``SECRET`` has.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

HEADER = "X-Outrider-Secret"
SECRET = "OUTRIDER_STAND_IN_SECRET"
_LOOPBACK = "127.0.0.1"
_OWN_INTERFACE = "moto-api"
"""Where moto is told to forget everything, among other things."""


_VARIABLE = f"HTTP_{HEADER.upper().replace('-', '_')}"
"""What WSGI makes of the header."""


class Guarded:
    """An application for peers of some networks who know the secret, if there is one; others get 403.

    Nobody gets at moto's own interface.
    """

    def __init__(self, application: Application, networks: list[str], secret: str = "") -> None:
        self._application = application
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._secret = secret

    def __call__(self, environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if self._admits(environment):
            return self._application(environment, start)
        start("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"this stand-in for AWS is a task's own\n"]

    def _admits(self, environment: WSGIEnvironment) -> bool:
        peer = ipaddress.ip_address(environment["REMOTE_ADDR"])
        given = environment.get(_VARIABLE, "")
        return (
            any(peer in network for network in self._networks)
            and (not self._secret or hmac.compare_digest(given.encode(), self._secret.encode()))
            and not environment["PATH_INFO"].lstrip("/").startswith(_OWN_INTERFACE)
        )


class _Silent(MotoRequestHandler):
    """Without a line on standard error for each request."""

    def log(self, *arguments: Any) -> None:
        """See werkzeug."""


def main(address: str, networks: list[str]) -> None:
    """Serve until killed."""
    aws = DomainDispatcherApplication(create_backend_app)
    doors = [(address, Guarded(aws, networks)), (_LOOPBACK, Guarded(aws, ["127.0.0.0/8"], os.environ[SECRET]))]
    servers = [make_server(host, 0, guarded, threaded=True, request_handler=_Silent) for host, guarded in doors]
    for server in servers:
        threading.Thread(target=server.serve_forever).start()
    print(*(server.port for server in servers), flush=True)  # noqa: T201 - whoever started this reads it


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
