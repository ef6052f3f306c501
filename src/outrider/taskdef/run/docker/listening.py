"""Who listens in a network, as Linux's files below ``/proc/net`` tell it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Set

from outrider.formats.kernel import listeners, taking
from outrider.taskdef.run.ready import Door

FILES = ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/unix")
_ACCEPTS = 0x10000  # __SO_ACCEPTCON


def listening(text: str) -> tuple[list[tuple[str, int]], set[str]]:
    """Address and port of TCP and the paths of unix sockets on which somebody listens; ``text``: that of ``FILES``."""
    paths: set[str] = set()
    for line in text.splitlines():
        words = line.split(maxsplit=7)
        if len(words) == 8 and (_hexadecimal(words[3]) or 0) & _ACCEPTS:
            paths.add(words[7])
    return listeners(text), paths


def all_open(text: str, doors: Iterable[Door], sockets: Set[str]) -> bool:
    """Whether somebody listens at each door; a unix socket has one of these paths in its container."""
    found, paths = listening(text)
    return all(bool(paths & sockets) if isinstance(door, str) else bool(taking(found, *door)) for door in doors)


def _hexadecimal(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None
