"""Whom the agent trusts: the authority that enrolment has left, or the one that the join token names."""

from __future__ import annotations

import ssl

from outrider.doctor.subject import Subject
from outrider.net.uplink import pinned_authority, trusting, trusting_nobody
from outrider.protocols.uplink import JoinToken, Refusal

_SECONDS = 5.0


async def trusted(subject: Subject) -> ssl.SSLContext | None:
    """TLS as the agent has it; None: neither identity nor token says whom to trust. Raises PeerError or LocalError."""
    if subject.enrolled:
        return subject.identity.context()
    try:
        token = JoinToken.parse(subject.token)
    except Refusal:
        return None
    return trusting(await pinned_authority(subject.server, token, _SECONDS))


async def trusted_or_any(subject: Subject) -> ssl.SSLContext:
    """The same; where nobody says whom to trust, TLS that trusts everybody, for what is no secret."""
    return await trusted(subject) or trusting_nobody()
