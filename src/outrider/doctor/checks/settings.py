"""The agent's settings."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok
from outrider.model.errors import UserError


class Settings(Check[tuple[UserError, ...]]):
    """Whether the agent would take its variables."""

    id = "settings"
    fix = "correct the variable in the agent's container"

    def idle(self) -> str:
        """See Check."""
        return "" if self.subject.faults else self.subject.no_agent

    async def look(self) -> tuple[UserError, ...]:
        """See Check."""
        return self.subject.faults

    def judge(self, seen: tuple[UserError, ...]) -> Verdict:
        """See Check."""
        if not seen:
            return ok(f"the agent's state is in {self.subject.state}")
        what = "; ".join(str(UserError(fault.message, allowed=fault.allowed)) for fault in seen)
        return fail(what, "; ".join(dict.fromkeys(fault.fix or self.fix for fault in seen)))
