"""What a plain process and its descendants use, in the form that Docker has for a container.

Source: https://docs.docker.com/reference/api/engine/ (ContainerStats), proc(5).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_PROC: Final = Path("/proc")
_TICKS: Final = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
"""Nanoseconds."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Process:
    """A line of ``/proc/PID/stat``: the session it is in, ticks in user and kernel mode, resident pages."""

    session: int
    user: int
    system: int
    pages: int

    @classmethod
    def parse(cls, line: str) -> Process | None:
        """None for what is no such line. A program's name may hold anything, brackets and blanks too."""
        fields = line.rpartition(")")[2].split()
        numbers = [fields[place] for place in (3, 11, 12, 21)] if len(fields) > 21 else []
        if not all(number.removeprefix("-").isdecimal() and number.isascii() for number in numbers) or not numbers:
            return None
        session, user, system, pages = map(int, numbers)
        return cls(session, user, system, pages)


def usage(pid: int, container_id: str, name: str, read: str) -> dict[str, Any] | None:
    """Of the session that a process leads, at the time ``read``; None if nobody is left of it."""
    found = [process for process in _processes() if process.session == pid]
    if not found:
        return None
    user, system = (sum(getattr(process, kind) for process in found) * _TICKS for kind in ("user", "system"))
    return {
        "read": read,
        "name": f"/{name}",
        "id": container_id,
        "num_procs": 0,
        "pids_stats": {"current": len(found)},
        "cpu_stats": {
            "cpu_usage": {
                "total_usage": user + system,
                "usage_in_kernelmode": system,
                "usage_in_usermode": user,
            },
            "online_cpus": os.cpu_count() or 1,
        },
        "memory_stats": {"usage": sum(process.pages for process in found) * _PAGE},
    }


def _processes() -> Iterator[Process]:
    for folder in _PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            line = (folder / "stat").read_text("utf-8", "replace")
        except OSError:
            continue  # it has ended meanwhile
        process = Process.parse(line)
        if process is not None:
            yield process
