"""What an output connects to."""

from __future__ import annotations

import msgspec

from outrider.doctor.check import Check
from outrider.doctor.subject import Subject
from outrider.doctor.verdict import Verdict, fail, ok
from outrider.model.errors import PeerError
from outrider.net.connect import Target
from outrider.net.reach import connected

_TLS = "tls.ca_file names whom to trust, tls.vhost the name in the certificate; the peer may not speak TLS on this port"


class OutputPeer(Check[str]):
    """Whether an output's peer takes connections, and TLS trusts it. Nothing is sent."""

    fix = "correct host and port, start what listens there, or let TCP out (security group, NAT gateway, VPC endpoint)"

    def __init__(self, subject: Subject, output: str, peer: Target) -> None:
        super().__init__(subject)
        self.id = f"output {output} to {peer}"
        self._peer = msgspec.structs.replace(peer, connect_timeout=self.seconds - 1)

    async def look(self) -> str:
        """See Check. Why it cannot be reached; empty: it can."""
        try:
            await connected(self._peer)
        except PeerError as error:
            return str(error).removeprefix(f"{self._peer}: ")
        return ""

    def judge(self, seen: str) -> Verdict:
        """See Check."""
        if seen:
            return fail(seen, _TLS if "TLS failed" in seen else self.fix)
        return ok("takes connections" + (", and TLS trusts it" if self._peer.tls else ""))
