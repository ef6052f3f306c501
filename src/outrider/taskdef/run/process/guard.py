"""A small process that ends what the runner started, should the runner die without having done so (kill -9, a crash).

It reads lines ``+KIND VALUE`` and ``-KIND VALUE`` from standard input; KIND is ``group`` (a process group), ``docker``
(a container), ``volume`` (Docker's) or ``folder``. At the end of that it kills or removes what is still on its list. It
runs as a file of its own, with nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterable


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(10)
        self.sock.connect(self._path)


def held(lines: Iterable[str]) -> dict[str, list[str]]:
    """What is on the list when the lines end: kind to values, the oldest first."""
    found: dict[str, list[str]] = {"group": [], "docker": [], "volume": [], "folder": []}
    for line in lines:
        kind, _, value = line[1:].rstrip("\n").partition(" ")
        if line[0] == "+":
            found[kind].append(value)
        else:
            found[kind].remove(value)
    return found


def end(found: dict[str, list[str]], docker_socket: str) -> None:
    """Kill and remove it all."""
    for group in found["group"]:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(group), signal.SIGKILL)
    for container in found["docker"]:
        _delete(docker_socket, f"/containers/{container}?force=1&v=1")
    for volume in found["volume"]:
        _delete(docker_socket, f"/volumes/{volume}?force=1")
    for folder in found["folder"]:
        shutil.rmtree(folder, ignore_errors=True)


def _delete(docker_socket: str, path: str) -> None:
    connection = _UnixConnection(docker_socket)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("DELETE", path)
        connection.getresponse()
    connection.close()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(held(sys.stdin), sys.argv[1])
