"""The server's health."""

from __future__ import annotations

import msgspec

from outrider.doctor.check import Check
from outrider.doctor.trust import trusted_or_any
from outrider.doctor.verdict import Verdict, fail, ok
from outrider.net.reach import Answer, ask


class _Health(msgspec.Struct):
    ok: bool
    problem: str = ""
    fix: str = ""


class ServerAnswer(Check[Answer]):
    """Whether what answers is an Outrider server that takes records."""

    id = "server-answer"
    fix = "see the server's log"
    needs = ("server-certificate",)

    def idle(self) -> str:
        """See Check."""
        return self.subject.no_server

    async def look(self) -> Answer:
        """See Check."""
        return await ask(f"{self.subject.server.rstrip('/')}/healthz", await trusted_or_any(self.subject))

    def judge(self, seen: Answer) -> Verdict:
        """See Check."""
        try:
            health = msgspec.json.decode(seen.body, type=_Health)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return fail(
                f"what answers with HTTP {seen.status} is no Outrider server",
                "correct OUTRIDER_SERVER: https://, the server's name, and its port for agents (8444)",
            )
        return ok("it takes records") if health.ok else fail(health.problem, health.fix or self.fix)
