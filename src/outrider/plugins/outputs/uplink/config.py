"""Options of the uplink output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Duration, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    identity: str = option("", "directory with the agent's identity (made by enrolment)")
    task: str = option("", "task or host that the records belong to")
    timeout: Duration = option(30, "seconds to wait for the server's answer")
