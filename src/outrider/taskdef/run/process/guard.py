"""A small process that ends what the runner started, should the runner die without having done so (kill -9, a crash).

It reads lines ``+KIND VALUE`` and ``-KIND VALUE`` from standard input; KIND is ``group`` (a process group), ``mark``
(processes, see ``end_marked``), ``docker`` (a container), ``volume`` (Docker's) or ``folder``. At the end of that it
kills or removes what is still on its list. It runs as a file of its own, with nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterable

PATIENCE_SECONDS = 10.0
"""How long what Docker does not know, or does not let go, is looked for again: Docker may be creating it still."""
_AGAIN_SECONDS = 0.25
_REMOVED = 204
MARK = "OUTRIDER_CONTAINER_MARK"
"""The variable that what a process container starts inherits, even what leaves its process group and its session."""
_ROUNDS = 50


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
    found: dict[str, list[str]] = {"group": [], "mark": [], "docker": [], "volume": [], "folder": []}
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
    for mark in found["mark"]:
        end_marked(mark)
    containers = [f"/containers/{container}?force=1&v=1" for container in found["docker"]]
    # Not by force: then Docker does not say which volume it does not know.
    paths = [*containers, *(f"/volumes/{volume}" for volume in found["volume"])]
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while paths := [path for path in paths if not _deleted(docker_socket, path)]:
        if time.monotonic() > give_up_at:
            break
        time.sleep(_AGAIN_SECONDS)
    for folder in found["folder"]:
        shutil.rmtree(folder, ignore_errors=True)


def end_marked(mark: str) -> None:
    """Kill every process that has the mark in its ``MARK``, which only descendants of the marked one have.

    Does nothing where there is no /proc. A process that has emptied its environment is not found, nor one of another
    user unless we are root.
    """
    killed: set[int] = set()
    for _ in range(_ROUNDS):  # what was forked while we looked is found by the next look; a fork bomb may win
        found = {pid for pid in _processes() if _kill_marked(pid, mark)}
        if found <= killed:
            return
        killed |= found


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except FileNotFoundError:
        return []


def _kill_marked(pid: int, mark: str) -> bool:
    try:
        process = os.pidfd_open(pid)  # before the look: its number cannot become another's then
    except OSError:
        return False
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            variables = stream.read().split(b"\0")
        marked = any(v.startswith(f"{MARK}=".encode()) and mark.encode() in v for v in variables)
        if marked:
            signal.pidfd_send_signal(process, signal.SIGKILL)
        return marked
    except OSError:
        return False  # it has ended, or is another user's
    finally:
        os.close(process)


def _deleted(docker_socket: str, path: str) -> bool:
    connection = _UnixConnection(docker_socket)
    try:
        connection.request("DELETE", path)
        return connection.getresponse().status == _REMOVED
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(held(sys.stdin), sys.argv[1])
