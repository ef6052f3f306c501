"""What AWS says when a call fails. Pure.

JSON services name the error in ``x-amzn-ErrorType`` or in the body's ``__type``, XML ones (S3, STS) in ``<Code>``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

_CODE: Final = re.compile(rb"<Code>([^<]{1,200})</Code>")
_MESSAGE: Final = re.compile(rb"<Message>([^<]{1,2000})</Message>")
_SHOWN: Final = 300
_THROTTLED: Final = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ServiceUnavailableException",
        "ServiceUnavailable",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
    }
)
_UNAUTHORIZED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClient",
        "UnrecognizedClientException",
    }
)
"""Errors that other keys may mend. Source: Fluent Bit 5.1.1 ``flb_aws_is_auth_error``, AWS's common errors."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A failed call. ``code`` is the error's name without its namespace; empty where the answer has none."""

    status: int
    code: str
    message: str

    @property
    def throttled(self) -> bool:
        """Whether the same call may succeed later, when less is asked."""
        return self.code in _THROTTLED or self.status in (429, 503)

    @property
    def unauthorized(self) -> bool:
        """Whether the keys may be the cause."""
        return self.code in _UNAUTHORIZED or (not self.code and self.status in (401, 403))

    def __str__(self) -> str:
        said = f"{self.code}: {self.message}" if self.code and self.message else self.code or self.message
        shown = "".join([c if c.isprintable() else " " for c in said[:_SHOWN]])
        return f"HTTP {self.status} {shown}".rstrip()


def fault(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """The error in an answer, whatever the answer is; never raises."""
    code, message = headers.get("x-amzn-ErrorType", ""), ""
    if body.lstrip()[:1] == b"<":
        code = code or _xml(_CODE, body)
        message = _xml(_MESSAGE, body)
    else:
        said = _json(body)
        code = code or str(said.get("__type") or said.get("code") or "")
        message = str(said.get("message") or said.get("Message") or "")
        if not code and not message:
            message = body[:_SHOWN].decode("utf-8", "replace")
    return Fault(status, code.partition(":")[0].rpartition("#")[2].strip(), message)


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _xml(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""
