"""What the server thinks of the join token."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.trust import trusted_or_any
from outrider.doctor.verdict import Verdict, fail, ok, skipped, warn
from outrider.net.uplink import Client
from outrider.protocols.uplink import (
    TOKEN_PATH,
    Reason,
    Refusal,
    TokenAnswer,
    TokenRequest,
    decode_message,
    encode_message,
)


class TokenAccepted(Check[TokenAnswer | Refusal]):
    """Whether the server would take the join token. Asking does not use it up."""

    id = "token-accepted"
    fix = "make a new one: outrider server token create"
    needs = ("token", "server-answer")

    def idle(self) -> str:
        """See Check."""
        if self.subject.enrolled:
            return "the agent is enrolled and needs none"
        return self.subject.no_server or self.subject.no_agent

    async def look(self) -> TokenAnswer | Refusal:
        """See Check."""
        client = Client(self.subject.server, await trusted_or_any(self.subject), self.seconds)
        request = TokenRequest(self.subject.token.strip(), self.subject.name)
        try:
            return decode_message(TokenAnswer, await client.post(TOKEN_PATH, encode_message(request)))
        except Refusal as refusal:
            return refusal
        finally:
            await client.close()

    def judge(self, seen: TokenAnswer | Refusal) -> Verdict:
        """See Check."""
        if isinstance(seen, Refusal):
            if seen.reason is Reason.OTHER:
                return skipped(f"the server does not tell: {seen.message}")
            return fail(seen.message, seen.fix or self.fix)
        if seen.uses_left == 1:
            return warn(
                "the server takes it once more: a service starts tasks again and again, and each start uses the token",
                "make one for all of them: outrider server token create --ttl 30d --uses 1000",
            )
        return ok(f"the server takes it {seen.uses_left} times more")
