"""Who listens in a network, as Linux's files below ``/proc/net`` tell it. Pure."""

from __future__ import annotations

FILES = ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/unix")
_LISTEN = "0A"
_ACCEPTS = 0x10000  # __SO_ACCEPTCON


def listening(text: str) -> tuple[set[int], set[str]]:
    """The TCP ports and the paths of unix sockets on which somebody listens; ``text`` is that of ``FILES``."""
    ports: set[int] = set()
    paths: set[str] = set()
    for line in text.splitlines():
        words = line.split(maxsplit=7)
        if len(words) > 3 and words[3] == _LISTEN and words[0].endswith(":"):
            port = _hexadecimal(words[1].rpartition(":")[2])
            if port is not None:
                ports.add(port)
        elif len(words) == 8 and (_hexadecimal(words[3]) or 0) & _ACCEPTS:
            paths.add(words[7])
    return ports, paths


def _hexadecimal(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None
