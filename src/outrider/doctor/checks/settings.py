"""The agent's settings."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok


class Settings(Check[str]):
    """Whether the agent would take its variables."""

    id = "settings"
    fix = "correct the variable in the agent's container"

    def idle(self) -> str:
        """See Check."""
        return "" if self.subject.fault else self.subject.no_agent

    async def look(self) -> str:
        """See Check."""
        return self.subject.fault

    def judge(self, seen: str) -> Verdict:
        """See Check."""
        return fail(seen, self.fix) if seen else ok(f"the agent's state is in {self.subject.state}")
