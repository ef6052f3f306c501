"""The server's certificate."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import msgspec
from cryptography import x509

from outrider.doctor.check import Check
from outrider.doctor.trust import trusted
from outrider.doctor.verdict import Verdict, fail, ok, warn
from outrider.model.errors import PeerError
from outrider.net.reach import certificate, distrust


class Shown(msgspec.Struct, frozen=True):
    """A certificate: its time, why TLS does not trust it, and the present. Seconds since the epoch.

    ``distrust`` is None where nobody says whom to trust.
    """

    begins: float
    ends: float
    distrust: str | None
    now: float


class ServerCertificate(Check[Shown]):
    """Whether the server's certificate is trusted and in time."""

    id = "server-certificate"
    fix = "see that --server names the port for agents (8444), and that nothing in between ends TLS"
    needs = ("server-connection",)

    def idle(self) -> str:
        """See Check."""
        return self.subject.no_server

    async def look(self) -> Shown:
        """See Check."""
        host, port = self.subject.host, self.subject.server_port
        try:
            shown = x509.load_der_x509_certificate(await certificate(host, port))
        except ValueError as error:
            raise PeerError(f"{host}:{port} shows no certificate that can be read") from error
        context = await trusted(self.subject)
        why = None if context is None else await distrust(host, port, context)
        begins, ends = shown.not_valid_before_utc.timestamp(), shown.not_valid_after_utc.timestamp()
        return Shown(begins, ends, why, time.time())

    def judge(self, seen: Shown) -> Verdict:
        """See Check."""
        if seen.now > seen.ends:
            return fail(
                f"the server's certificate ended on {_day(seen.ends)}",
                "restart the server, which renews it; if its time is not over, set this machine's clock",
            )
        if seen.now < seen.begins:
            return fail(f"the server's certificate begins on {_day(seen.begins)}", "set this machine's clock")
        if seen.distrust is None:
            return warn(
                "neither an identity nor a join token says whom to trust, so the certificate was not verified",
                "set OUTRIDER_TOKEN, or run this as the agent's user with its --state",
            )
        if "ostname" in seen.distrust or "IP address" in seen.distrust:
            return fail(
                f"the server's certificate is for another name: {seen.distrust}",
                f"start the server with --name {self.subject.host}, or use the name in its certificate",
            )
        if seen.distrust:
            return fail(
                f"the server's certificate is not trusted: {seen.distrust}",
                "if the server was set up anew, remove the agent's identity and enrol with a new token; else see what"
                " stands between agent and server",
            )
        return ok(f"trusted until {_day(seen.ends)}")


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
