"""Why a request was refused: a code for machines, a status for HTTP, and whether to send it again."""

from __future__ import annotations

import enum
from typing import NamedTuple

from outrider.model.errors import PeerError


class _Verdict(NamedTuple):
    status: int
    retry: bool


class Reason(enum.StrEnum):
    """The codes; the value is what stands in the answer."""

    MALFORMED = "malformed"
    TOO_BIG = "too_big"
    OVERLOADED = "overloaded"
    DISK_FULL = "disk_full"
    STOPPING = "stopping"
    TOKEN_MALFORMED = "token_malformed"
    TOKEN_UNKNOWN = "token_unknown"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_USED = "token_used"
    TOKEN_REVOKED = "token_revoked"
    NAME_NOT_ALLOWED = "name_not_allowed"
    REQUEST_INVALID = "request_invalid"
    NO_CERTIFICATE = "no_certificate"
    HOST_UNKNOWN = "host_unknown"
    HOST_REVOKED = "host_revoked"
    OTHER = "other"

    @property
    def status(self) -> int:
        """The HTTP status that a server answers with."""
        return _VERDICTS[self].status

    @property
    def retry(self) -> bool:
        """True: the same request may be accepted later. False: it never will be, drop it and count it."""
        return _VERDICTS[self].retry


_VERDICTS = {
    Reason.MALFORMED: _Verdict(400, False),
    Reason.TOO_BIG: _Verdict(413, False),
    Reason.OVERLOADED: _Verdict(503, True),
    Reason.DISK_FULL: _Verdict(503, True),
    Reason.STOPPING: _Verdict(503, True),
    Reason.TOKEN_MALFORMED: _Verdict(400, False),
    Reason.TOKEN_UNKNOWN: _Verdict(401, False),
    Reason.TOKEN_EXPIRED: _Verdict(403, False),
    Reason.TOKEN_USED: _Verdict(403, False),
    Reason.TOKEN_REVOKED: _Verdict(403, False),
    Reason.NAME_NOT_ALLOWED: _Verdict(403, False),
    Reason.REQUEST_INVALID: _Verdict(400, False),
    Reason.NO_CERTIFICATE: _Verdict(401, False),
    # An operator may restore a host or a database: the records are worth waiting for.
    Reason.HOST_UNKNOWN: _Verdict(403, True),
    Reason.HOST_REVOKED: _Verdict(403, True),
    Reason.OTHER: _Verdict(500, True),
}


class Refusal(PeerError):  # noqa: N818 - the word that both sides use for it
    """A request was refused: ``reason`` for machines, the text for people, ``fix`` says what to do about it."""

    def __init__(self, reason: Reason, message: str, fix: str = "") -> None:
        super().__init__(message, retry=reason.retry)
        self.reason = reason
        self.message = message
        self.fix = fix
