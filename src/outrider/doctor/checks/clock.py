"""The clock."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import msgspec

from outrider.doctor.check import Check
from outrider.doctor.trust import trusted_or_any
from outrider.doctor.verdict import Verdict, fail, ok, skipped, warn
from outrider.net.reach import ask

_REFUSED = 300.0
"""AWS refuses signatures that are so many seconds away from its own time."""
_NOTICED = 5.0


class Times(msgspec.Struct, frozen=True):
    """The server's time, in whole seconds as HTTP has it, and ours around it; None: it did not say."""

    server: float | None
    before: float
    after: float


class Clock(Check[Times]):
    """Whether this machine's clock and the server's agree."""

    id = "clock"
    fix = "let this machine keep its time by NTP (chrony, Amazon Time Sync Service at 169.254.169.123)"
    needs = ("server-connection",)

    def idle(self) -> str:
        """See Check."""
        return self.subject.no_server

    async def look(self) -> Times:
        """See Check."""
        before = time.time()
        answer = await ask(f"{self.subject.server.rstrip('/')}/healthz", await trusted_or_any(self.subject))
        after = time.time()
        try:
            return Times(parsedate_to_datetime(answer.date).timestamp(), before, after)
        except (ValueError, TypeError, OverflowError):
            return Times(None, before, after)

    def judge(self, seen: Times) -> Verdict:
        """See Check."""
        if seen.server is None:
            return skipped("the server's answer has no date")
        ahead, behind = seen.before - (seen.server + 1), seen.server - seen.after
        off = max(ahead, behind)
        if off < _NOTICED:
            return ok("as the server's, to some seconds")
        text = f"this machine's clock is {off:.0f} seconds {'ahead of' if ahead > behind else 'behind'} the server's"
        return fail(f"{text}: AWS refuses its signatures", self.fix) if off > _REFUSED else warn(text, self.fix)
