"""The agent's port."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok, skipped, warn
from outrider.formats.kernel import ANY, listeners, taking

Sockets = list[tuple[str, int]]


class AgentPort(Check[tuple[Sockets, Sockets]]):
    """Whether somebody takes what the router sends to the agent, and only from this task."""

    id = "agent-port"
    fix = "start the agent (its container, or 'outrider agent'), and see its log"

    async def look(self) -> tuple[Sockets, Sockets]:
        """See Check. Sockets of TCP and of UDP."""
        read = self.subject.text
        return (
            listeners(read("/proc/net/tcp") + read("/proc/net/tcp6")),
            listeners(read("/proc/net/udp") + read("/proc/net/udp6")),
        )

    def judge(self, seen: tuple[Sockets, Sockets]) -> Verdict:
        """See Check."""
        where = f"{self.subject.listen}:{self.subject.port}"
        tcp, udp = (taking(found, self.subject.listen, self.subject.port) for found in seen)
        if not tcp:
            text = f"nobody listens on {where} (TCP), where the router sends what the agent is to have"
            others = [address for address, port in seen[0] if port == self.subject.port]
            text += f"; somebody listens on {', '.join(others)}" if others else ""
            if self.subject.has_agent or self.subject.is_router:
                return fail(text, self.fix)
            return skipped(f"{self.subject.no_agent}; {text}")
        if ANY & {*tcp, *udp}:
            fix = "set OUTRIDER_LISTEN to 127.0.0.1, or close TCP and UDP on this port in the security group"
            return warn(f"port {self.subject.port} is open to everybody who reaches this machine", fix)
        if self.subject.has_agent and not udp:
            return warn(f"nobody listens on {where} for datagrams; TCP works", "use TCP, or see the agent's log")
        return ok(f"the agent listens on {', '.join(dict.fromkeys(tcp))} port {self.subject.port}")
