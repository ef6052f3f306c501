"""The image's health check: an agent must take connections, a router must run; status 1 says what is wrong.

It runs with the standard library alone, in some ten milliseconds, and sends nothing.
"""

from __future__ import annotations

import socket
import sys
from itertools import pairwise
from pathlib import Path

TIMEOUT = 3.0
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def words(file: Path) -> list[str]:
    """What stands between zero bytes in a file of /proc; nothing of a process that has gone, or is not ours."""
    try:
        return file.read_bytes().decode("utf-8", "replace").rstrip("\0").split("\0")
    except OSError:
        return []


def is_agent(command: list[str]) -> bool:
    """Whether it is ``python …/outrider agent``, or with options behind."""
    return any(Path(program).name == "outrider" and word == "agent" for program, word in pairwise(command))


def setting(command: list[str], environment: dict[str, str], option: str, variable: str, default: str) -> str:
    """As the agent reads it: an argument wins over the environment."""
    for number, word in enumerate(command):
        if word == option:
            return command[number + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return environment.get(variable) or default


def fault(processes: Path) -> str:
    """What is wrong with the agents of this container; where there is none, what runs is all that can be known."""
    for folder in processes.glob("[0-9]*"):
        command = words(folder / "cmdline")
        if not is_agent(command):
            continue
        environment = dict(pair.partition("=")[::2] for pair in words(folder / "environ"))
        address = setting(command, environment, "--listen", "OUTRIDER_LISTEN", "127.0.0.1")
        port = setting(command, environment, "--port", "OUTRIDER_SYSLOG_PORT", "1514")
        try:
            socket.create_connection((ANY.get(address, address), int(port)), TIMEOUT).close()
        except OSError as error:
            return f"the agent does not listen on {address}:{port}: {error}"
    return ""


if __name__ == "__main__":
    sys.exit(fault(Path("/proc")) or 0)
