"""The agent's state directory."""

from __future__ import annotations

import os
import tempfile

import msgspec

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok, warn
from outrider.model.errors import LocalError
from outrider.net.reach import in_thread
from outrider.spool.disk import advice

_LEAST = 64 << 20
_ENOUGH = 1 << 30
"""Two listeners keep 500 MB each while the server is away."""
_INODES = 1000


class Room(msgspec.Struct, frozen=True):
    """What a file system has left. ``inodes`` is None where it does not count them."""

    bytes: int
    inodes: int | None


class StateDirectory(Check[Room]):
    """Whether identity and spool can be written, and have room."""

    id = "state-directory"
    fix = "mount a volume that the agent's user may write, and name it with OUTRIDER_STATE"

    def idle(self) -> str:
        """See Check."""
        return self.subject.no_agent

    async def look(self) -> Room:
        """See Check."""
        return await in_thread(self._try)

    def _try(self) -> Room:
        # Before the first start the directory is not there: then what matters is whether it can be made.
        state = self.subject.state
        there = next((path for path in (state, *state.parents) if os.path.lexists(path)), state)
        spool = there / "spool"
        for path in [there, spool] if there == state and os.path.lexists(spool) else [there]:
            try:
                with tempfile.NamedTemporaryFile(dir=path, prefix=".doctor-") as file:
                    file.write(bytes(4096))
                    file.flush()
            except OSError as error:
                what = f"{path} cannot be written by this user: {error.strerror}"
                raise LocalError(f"{what}; fix: {advice(error)}; OUTRIDER_STATE names another directory") from error
        found = os.statvfs(there)
        return Room(found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)

    def judge(self, seen: Room) -> Verdict:
        """See Check."""
        state, mib = self.subject.state, seen.bytes >> 20
        if seen.inodes is not None and seen.inodes < _INODES:
            return fail(f"{state} has room for {seen.inodes} files only", "remove files there: the inodes are used up")
        if seen.bytes < _LEAST:
            return fail(f"{state} has {mib} MiB left", "free disk space, or give the task more ephemeralStorage")
        if seen.bytes < _ENOUGH:
            fix = "give it 1 GiB: so much may wait while the server is away"
            return warn(f"{state} has {mib} MiB left", fix)
        return ok(f"{state} can be written and has {mib} MiB left")
