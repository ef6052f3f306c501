"""The join token."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok
from outrider.protocols.uplink import JoinToken, Refusal


class Token(Check[str]):
    """Whether there is a join token, where one is needed, and whether it is whole."""

    id = "token"
    fix = "set OUTRIDER_TOKEN (or KEY, or OUTRIDER_TOKEN_FILE); 'outrider server token create' makes one"

    def idle(self) -> str:
        """See Check."""
        if not self.subject.token and self.subject.enrolled:
            return "the agent is enrolled and needs none"
        return self.subject.no_agent

    async def look(self) -> str:
        """See Check."""
        return self.subject.token

    def judge(self, seen: str) -> Verdict:
        """See Check."""
        if not seen:
            return fail("there is no identity and no join token", self.fix)
        try:
            return ok(f"token {JoinToken.parse(seen).id} is whole")
        except Refusal as refusal:
            return fail(refusal.message, refusal.fix)
