"""The container's own file system."""

from __future__ import annotations

import os
import tempfile

import msgspec

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok
from outrider.net.reach import in_thread

_PLACES = ("/var/outrider/lib/fluent-bit", "/dev/shm", "/run", "/tmp")
"""Where the launcher and the router put what they make themselves."""


class Writable(msgspec.Struct, frozen=True):
    """Whether the root is read-only, and which of the usual places can be written."""

    read_only: bool
    places: list[str]


class FileSystem(Check[Writable]):
    """Whether there is anywhere to write, where the root file system is read-only."""

    id = "file-system"
    fix = "mount a volume at /tmp (in a task definition: volumes and mountPoints)"

    async def look(self) -> Writable:
        """See Check."""
        return await in_thread(_try)

    def judge(self, seen: Writable) -> Verdict:
        """See Check."""
        if not seen.places:
            return fail(f"none of {', '.join(_PLACES)} can be written", self.fix)
        places = ", ".join(seen.places)
        return ok(f"the root is read-only, not {places}" if seen.read_only else f"{places} can be written")


def _try() -> Writable:
    places = []
    for path in _PLACES:
        try:
            with tempfile.TemporaryFile(dir=path):
                places.append(path)
        except OSError:
            continue
    return Writable(bool(os.statvfs("/").f_flag & os.ST_RDONLY), places)
