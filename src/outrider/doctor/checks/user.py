"""The user."""

from __future__ import annotations

import os

import msgspec

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, ok, warn


class Users(msgspec.Struct, frozen=True):
    """Who this is, and whom the agent's state belongs to; None: there is none."""

    own: int
    owner: int | None


class User(Check[Users]):
    """Who this runs as. What another user can write is not what the agent can write."""

    id = "user"
    fix = "run the doctor as the agent's user"

    async def look(self) -> Users:
        """See Check."""
        try:
            owner = os.stat(self.subject.state).st_uid
        except OSError:
            owner = None
        return Users(os.geteuid(), owner)

    def judge(self, seen: Users) -> Verdict:
        """See Check."""
        if seen.owner is not None and seen.owner != seen.own:
            text = f"{self.subject.state} belongs to user {seen.owner}, and this runs as {seen.own}"
            return warn(f"{text}: what is said of files and rights is true for that user only", self.fix)
        return ok(f"user {seen.own}" + (" (root)" if not seen.own else ""))
