"""The agent's identity."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

import msgspec
from cryptography import x509

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok, warn
from outrider.model.errors import LocalError
from outrider.net.reach import in_thread
from outrider.net.uplink import AUTHORITY, CERTIFICATE, KEY, SERVER

_SOON = 30 * 86_400.0


class Enrolled(msgspec.Struct, frozen=True):
    """The end of the agent's certificate, None where there is none yet, and the present. Seconds since the epoch."""

    ends: float | None
    now: float


class Identity(Check[Enrolled]):
    """Whether the agent is enrolled, and its certificate in time."""

    id = "identity"
    fix = "stop the agent, remove identity/ in its state directory, and start it with a new join token"

    def idle(self) -> str:
        """See Check."""
        return self.subject.no_agent

    async def look(self) -> Enrolled:
        """See Check."""
        return await in_thread(self._read)

    def _read(self) -> Enrolled:
        directory = self.subject.identity.directory
        try:
            if not {CERTIFICATE, KEY, AUTHORITY, SERVER} <= {*os.listdir(directory)}:
                return Enrolled(None, time.time())
            self.subject.identity.context()
            shown = x509.load_pem_x509_certificate((directory / CERTIFICATE).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return Enrolled(None, time.time())
        except PermissionError as error:
            raise LocalError(f"{directory} cannot be read by this user; fix: run this as the agent's user") from error
        except (OSError, ValueError) as error:
            raise LocalError(f"the identity in {directory} cannot be used: {error}") from error
        return Enrolled(shown.not_valid_after_utc.timestamp(), time.time())

    def judge(self, seen: Enrolled) -> Verdict:
        """See Check."""
        if seen.ends is None:
            text = f"not enrolled yet: there is no identity in {self.subject.identity.directory}"
            return warn(text, "start the agent with its join token; if it runs, see its log")
        day = datetime.fromtimestamp(seen.ends, UTC).strftime("%Y-%m-%d")
        if seen.now > seen.ends:
            return fail(f"the agent's certificate ended on {day}", self.fix)
        if seen.now > seen.ends - _SOON:
            return warn(f"the agent's certificate ends on {day}", self.fix)
        return ok(f"enrolled, with a certificate until {day}")
