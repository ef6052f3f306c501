"""A connection to the server."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, ok
from outrider.net.connect import Target
from outrider.net.reach import connected


class ServerConnection(Check[None]):
    """Whether the server takes connections."""

    id = "server-connection"
    fix = (
        "let TCP out to this port (security group, NAT gateway or public address, network ACL), and into the server;"
        " see that the server runs and listens there (--ingest)"
    )
    needs = ("server-name",)

    def idle(self) -> str:
        """See Check."""
        return self.subject.no_server

    async def look(self) -> None:
        """See Check."""
        await connected(Target(self.subject.host, self.subject.server_port, connect_timeout=self.seconds - 1))

    def judge(self, seen: None) -> Verdict:
        """See Check."""
        return ok(f"{self.subject.host}:{self.subject.server_port} takes connections")
