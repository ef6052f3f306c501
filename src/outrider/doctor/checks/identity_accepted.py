"""What the server thinks of the agent's identity."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok
from outrider.net.uplink import Client
from outrider.protocols.uplink import BATCHES_PATH, Reason, Refusal


class IdentityAccepted(Check[Refusal | None]):
    """Whether the server knows the agent's certificate. Asks with a batch that has no id, which changes nothing."""

    id = "identity-accepted"
    fix = "stop the agent, remove identity/ in its state directory, and start it with a new join token"
    needs = ("identity", "server-answer")

    def idle(self) -> str:
        """See Check."""
        return self.subject.no_server or ("" if self.subject.enrolled else "the agent is not enrolled")

    async def look(self) -> Refusal | None:
        """See Check."""
        client = Client(self.subject.server, self.subject.identity.context(), self.seconds)
        try:
            await client.post(BATCHES_PATH, b"")
        except Refusal as refusal:
            return refusal
        finally:
            await client.close()
        return None

    def judge(self, seen: Refusal | None) -> Verdict:
        """See Check."""
        if seen is None or seen.reason is Reason.MALFORMED:  # the id is looked at after the certificate
            return ok("the server knows this agent")
        return fail(f"the server refuses this agent: {seen.message}", seen.fix or self.fix)
