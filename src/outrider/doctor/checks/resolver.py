"""Name servers."""

from __future__ import annotations

import asyncio

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok, warn
from outrider.formats.kernel import nameservers
from outrider.model.errors import PeerError
from outrider.net.reach import answers_questions

_SECONDS = 3.0


class Resolver(Check[dict[str, bool]]):
    """Whether each name server in /etc/resolv.conf answers."""

    id = "resolver"
    fix = "turn on DNS support in the VPC, and let UDP 53 out; in Docker, start the container with --dns"

    async def look(self) -> dict[str, bool]:
        """See Check. Whether each of them answers."""
        answered = dict.fromkeys(nameservers(self.subject.text("/etc/resolv.conf")), False)

        async def try_one(address: str) -> None:
            try:
                async with asyncio.timeout(_SECONDS):
                    await answers_questions(address)
                answered[address] = True
            except (PeerError, TimeoutError):
                pass

        async with asyncio.TaskGroup() as group:
            for address in list(answered):
                group.create_task(try_one(address))
        return answered

    def judge(self, seen: dict[str, bool]) -> Verdict:
        """See Check."""
        silent = [address for address, answered in seen.items() if not answered]
        if not seen:
            return warn("/etc/resolv.conf names no name server", self.fix)
        if not silent:
            return ok(f"{', '.join(seen)} answer{'s' if len(seen) == 1 else ''}")
        text = f"{', '.join(silent)} {'does' if len(silent) == 1 else 'do'} not answer"
        return fail(text, self.fix) if len(silent) == len(seen) else warn(text, "remove what is gone from resolv.conf")
