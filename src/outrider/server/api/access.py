"""Who may use the portal: sessions for people, API tokens for programs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request

from outrider.server.adapters.sqlite.users import Session, verify
from outrider.server.control import Control

COOKIE = "outrider_session"
_SESSION_NS = 12 * 3600 * 10**9
_WINDOW_NS = 300 * 10**9
_FAILURES = 5
"""Of one user from one address."""
_FAILURES_OF_ADDRESS = 50
"""Of all users together: nobody tries many names instead."""
_REMEMBERED = 10_000


class Caller(NamedTuple):
    """Who calls. ``csrf`` is empty for a program, which sends no cookie that a foreign page could borrow."""

    name: str
    csrf: str = ""


class RateLimit:
    """At most so many failures in five minutes for one key; memory is bounded."""

    def __init__(self, most: int = _FAILURES) -> None:
        self._most = most
        self._failures: dict[str, list[int]] = {}

    def wait_seconds(self, key: str, now_ns: int) -> int:
        """How long this key must wait; 0 when it need not."""
        recent = [at for at in self._failures.get(key, ()) if now_ns - at < _WINDOW_NS]
        if len(recent) < self._most:
            return 0
        return (recent[-self._most] + _WINDOW_NS - now_ns) // 10**9 + 1

    def failed(self, key: str, now_ns: int) -> None:
        """Count a failure."""
        self._failures[key] = [*self._failures.pop(key, [])[1 - self._most :], now_ns]
        if len(self._failures) > _REMEMBERED:
            del self._failures[next(iter(self._failures))]

    def take_back(self, key: str, at_ns: int) -> None:
        """Forget the one failure counted for that time."""
        if at_ns in (failures := self._failures.get(key, [])):
            failures.remove(at_ns)

    def succeeded(self, key: str) -> None:
        """Forget this key."""
        self._failures.pop(key, None)


class Access:
    """Login, logout and recognition."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._limit, self._address_limit = RateLimit(), RateLimit(_FAILURES_OF_ADDRESS)
        # A password takes 32 MiB to check; so many at once and no more.
        self._checking = asyncio.Semaphore(2)

    async def log_in(self, user: str, password: str, address: str) -> tuple[str, int]:
        """The session's secret for the cookie, or an empty text and the seconds to wait before the next try."""
        now = self._control.clock()
        # By address too, not by name alone: otherwise anybody could lock everybody out.
        key = f"{address} {user[:100]}"
        if wait := max(self._limit.wait_seconds(key, now), self._address_limit.wait_seconds(address, now)):
            return "", wait
        # Counted before the slow check, so that tries at the same time are not all let through.
        self._limit.failed(key, now)
        self._address_limit.failed(address, now)
        stored = self._control.users.hash_of(user)
        async with self._checking:
            good = await asyncio.to_thread(verify, stored, password[:1000])
        if not good:
            self._control.note(address, "login refused", user[:100])
            return "", 0
        self._limit.succeeded(key)
        self._address_limit.take_back(address, now)
        secret = secrets.token_urlsafe(32)
        session = Session(user, secrets.token_urlsafe(24), now + _SESSION_NS)
        self._control.users.start_session(secret, session, now)
        self._control.note(user, "login", address)
        return secret, 0

    def log_out(self, request: Request) -> None:
        """End the session of this cookie."""
        self._control.users.end_session(request.cookies.get(COOKIE, ""))

    def caller(self, request: Request) -> Caller | None:
        """Who sends this request; None for nobody known."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            name = self._control.users.api_token(secret.strip())
            return Caller(name) if name else None
        session = self._control.users.session(request.cookies.get(COOKIE, ""), self._control.clock())
        return Caller(session.user, session.csrf) if session else None


def same_origin(headers: Mapping[str, str]) -> bool:
    """Was this form sent by one of our own pages? Browsers say where a form comes from; programs need not."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def forgery(caller: Caller, given: str) -> bool:
    """Does the form lack the session's token?"""
    return bool(caller.csrf) and not secrets.compare_digest(caller.csrf.encode(), given.encode())
