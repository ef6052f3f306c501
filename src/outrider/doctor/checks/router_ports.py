"""The router's ports."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.checks.agent_port import Sockets
from outrider.doctor.verdict import Verdict, fail, ok, skipped, warn
from outrider.formats.kernel import ANY, listeners

FORWARD = 24224
_USUAL = {FORWARD: "forward", 8877: "health check", 2020: "monitoring"}
"""What FireLens's and Fluent Bit's configurations have."""
_DEFAULTS = {"Forward": FORWARD, "Tcp": 5170, "Http": 9880}


class RouterPorts(Check[Sockets]):
    """Whether the router listens where its configuration says, and lets nobody else in."""

    id = "router-ports"
    fix = "start the router with this configuration, and see its log"

    def wanted(self) -> dict[int, str]:
        """Ports that the configuration names, and what for."""
        router = self.subject.router
        if router is None:
            return {}
        found = {}
        for item in router.plan.of_kind("input"):
            default = _DEFAULTS.get(type(item.plugin).__name__)
            if default and not getattr(item.plugin.options, "unix_path", ""):
                found[item.core.port or default] = item.name
        service = router.plan.service
        return {**found, **({service.http_port: "monitoring"} if service.http_server else {})}

    async def look(self) -> Sockets:
        """See Check."""
        return listeners(self.subject.text("/proc/net/tcp") + self.subject.text("/proc/net/tcp6"))

    def judge(self, seen: Sockets) -> Verdict:
        """See Check."""
        wanted = self.wanted()
        known = wanted or _USUAL
        missing = [f"{port} ({known[port]})" for port in wanted if port not in {port for _, port in seen}]
        if missing:
            return fail(f"nobody listens on {', '.join(missing)}, as the configuration says", self.fix)
        there = sorted({port for _, port in seen if port in known})
        if not there:
            return skipped("no router listens here" + ("" if self.subject.router else "; -c names its configuration"))
        if self.subject.in_task and any(address in ANY and port == FORWARD for address, port in seen):
            text = f"port {FORWARD} is open to everybody who reaches this task: who does can write its logs"
            return warn(text, f"close TCP {FORWARD} in the security group; see outrider task security-group")
        return ok("somebody listens on " + ", ".join(f"{port} ({known[port]})" for port in there))
