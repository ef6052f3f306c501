"""The server's name."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, ok
from outrider.net.reach import addresses


class ServerName(Check[list[str]]):
    """Whether the server's name has an address."""

    id = "server-name"
    fix = "correct the name in OUTRIDER_SERVER, or make the task's resolver know it"

    def idle(self) -> str:
        """See Check."""
        return self.subject.no_server

    async def look(self) -> list[str]:
        """See Check."""
        return await addresses(self.subject.host)

    def judge(self, seen: list[str]) -> Verdict:
        """See Check."""
        return ok(f"{self.subject.host} is {', '.join(seen)}")
