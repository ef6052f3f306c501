"""The limit of open files."""

from __future__ import annotations

import resource

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok, warn

_LEAST = 256
_ENOUGH = 1024


class OpenFiles(Check[int]):
    """Whether a process may open as many files as connections and chunks need."""

    id = "open-files"
    fix = "raise the limit: ulimits nofile in the task definition, --ulimit nofile=65536 in Docker"

    async def look(self) -> int:
        """See Check."""
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]

    def judge(self, seen: int) -> Verdict:
        """See Check."""
        if seen == resource.RLIM_INFINITY or seen >= _ENOUGH:
            return ok("no limit" if seen == resource.RLIM_INFINITY else f"{seen} files may be open")
        text = f"only {seen} files may be open"
        return fail(text, self.fix) if seen < _LEAST else warn(text, self.fix)
