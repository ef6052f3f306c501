"""Linux capabilities."""

from __future__ import annotations

import msgspec

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok
from outrider.formats.kernel import capabilities, first_free_port

_DETECTION = ("NET_ADMIN", "NET_RAW")


class Held(msgspec.Struct, frozen=True):
    """The capabilities that matter to us, and the first port that needs none."""

    names: list[str]
    first_port: int


class Capabilities(Check[Held]):
    """What the capabilities of this process do not allow."""

    id = "capabilities"
    fix = "add the capability NET_BIND_SERVICE, or choose a port from 1024 on (OUTRIDER_SYSLOG_PORT)"

    async def look(self) -> Held:
        """See Check."""
        read = self.subject.text
        port = first_free_port(read("/proc/sys/net/ipv4/ip_unprivileged_port_start"))
        return Held(capabilities(read("/proc/self/status")), port)

    def judge(self, seen: Held) -> Verdict:
        """See Check."""
        port = self.subject.port
        if port < seen.first_port and "NET_BIND_SERVICE" not in seen.names:
            return fail(f"the agent cannot listen on port {port} without NET_BIND_SERVICE", self.fix)
        missing = [name for name in _DETECTION if name not in seen.names]
        if missing:
            return ok(f"enough for logs; network detection, not built yet, will need {' and '.join(missing)}")
        return ok(", ".join(seen.names))
