"""Task scale-in protection, as the ECS agent's endpoint tells and sets it. Pure.

Nothing scales a task in that runs here: what it says of itself is remembered, and nothing follows from it.
Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

_MINUTES: Final = 120
"""How long a task is protected that does not say it."""
_MOST: Final = 2880


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    enabled: bool = msgspec.field(name="ProtectionEnabled")
    minutes: int | None = msgspec.field(name="ExpiresInMinutes", default=None)


@dataclass(slots=True)
class Protection:
    """Of one task. Times are seconds since the epoch; ``until`` is the end of its protection."""

    arn: str
    until: float | None = None

    def document(self, now: float) -> dict[str, Any]:
        """What is answered; protection ends by itself."""
        if self.until is None or self.until <= now:
            return {"protection": {"ProtectionEnabled": False, "TaskArn": self.arn}}
        ends = datetime.fromtimestamp(self.until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"protection": {"ExpirationDate": ends, "ProtectionEnabled": True, "TaskArn": self.arn}}

    def update(self, body: bytes, now: float) -> tuple[int, dict[str, Any]]:
        """Do what a request asks for: the HTTP status, and what is answered."""
        try:
            asked = msgspec.json.decode(body, type=_Asked)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return self._refused(f"the request cannot be read: {error}")
        minutes = _MINUTES if asked.minutes is None else asked.minutes
        if not 1 <= minutes <= _MOST:
            return self._refused(f"ExpiresInMinutes is {minutes}; it must be from 1 to {_MOST}")
        self.until = now + minutes * 60 if asked.enabled else None
        return 200, self.document(now)

    def _refused(self, why: str) -> tuple[int, dict[str, Any]]:
        return 400, {"error": {"Arn": self.arn, "Code": "InvalidParameterException", "Message": why}}
