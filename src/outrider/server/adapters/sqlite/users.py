"""People and programs that may use the portal: passwords, sessions, API tokens."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import argon2

from outrider.server.adapters.sqlite.database import Database

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)


class Session(NamedTuple):
    """A logged-in browser. ``csrf`` must come back with every form."""

    user: str
    csrf: str
    expires_ns: int


class ApiToken(NamedTuple):
    """A token for programs, without its secret."""

    id: str
    name: str
    created_ns: int


class UserTable:
    """The tables ``users``, ``sessions`` and ``api_tokens``. Of passwords and tokens only hashes are kept."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection
        # Verified when the name is unknown, so that an answer takes as long as for a wrong password.
        self._nobody = _HASHER.hash("nobody has this password")

    def any(self) -> bool:
        """Is there a user yet?"""
        return self._db.execute("SELECT 1 FROM users").fetchone() is not None

    def names(self) -> list[tuple[str, int]]:
        """Every user and when the password was set."""
        return self._db.execute("SELECT name, changed_ns FROM users ORDER BY name").fetchall()

    def delete(self, name: str) -> None:
        """Forget the user and end the user's sessions."""
        self._db.execute("DELETE FROM users WHERE name = ?", (name,))
        self._db.execute("DELETE FROM sessions WHERE user = ?", (name,))

    def set_password(self, name: str, password: str, now_ns: int) -> None:
        """Make the user or change the password; ends all sessions of that user."""
        self._db.execute(
            "INSERT INTO users VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE SET"
            " password = excluded.password, changed_ns = excluded.changed_ns",
            (name, _HASHER.hash(password), now_ns),
        )
        self._db.execute("DELETE FROM sessions WHERE user = ?", (name,))

    def check_password(self, name: str, password: str) -> bool:
        """Is this the user's password? Takes some 30 ms on purpose: call it off the event loop, with ``hash_of``."""
        return verify(self.hash_of(name), password)

    def hash_of(self, name: str) -> str:
        """The stored hash of the user's password; one that no password has where there is no such user."""
        row = self._db.execute("SELECT password FROM users WHERE name = ?", (name,)).fetchone()
        return row[0] if row else self._nobody

    def start_session(self, secret: str, session: Session, now_ns: int) -> None:
        """Remember a session under the hash of its cookie; forget those that have expired."""
        self._db.execute("DELETE FROM sessions WHERE expires_ns <= ?", (now_ns,))
        self._db.execute(
            "INSERT INTO sessions(hash, user, csrf, expires_ns) VALUES(?, ?, ?, ?)", (_hash(secret), *session)
        )

    def session(self, secret: str, now_ns: int) -> Session | None:
        """The session of this cookie, if it has not expired."""
        row = self._db.execute(
            "SELECT user, csrf, expires_ns FROM sessions WHERE hash = ? AND expires_ns > ?", (_hash(secret), now_ns)
        ).fetchone()
        return Session(*row) if row else None

    def end_session(self, secret: str) -> None:
        """Log out."""
        self._db.execute("DELETE FROM sessions WHERE hash = ?", (_hash(secret),))

    def add_api_token(self, token_id: str, secret: str, name: str, now_ns: int) -> None:
        """A token for programs."""
        self._db.execute("INSERT INTO api_tokens VALUES(?, ?, ?, ?, 0)", (token_id, _hash(secret), name, now_ns))

    def api_tokens(self) -> list[ApiToken]:
        """Those that were not revoked, newest first."""
        rows = self._db.execute(
            "SELECT id, name, created_ns FROM api_tokens WHERE revoked_ns = 0 ORDER BY created_ns DESC"
        )
        return [ApiToken(*row) for row in rows]

    def revoke_api_tokens(self, id_or_name: str, now_ns: int) -> int:
        """Refuse the tokens with this id or name from now on; how many there were."""
        return self._db.execute(
            "UPDATE api_tokens SET revoked_ns = ? WHERE ? IN (id, name) AND revoked_ns = 0", (now_ns, id_or_name)
        ).rowcount

    def api_token(self, secret: str) -> str | None:
        """The name of the API token with this secret, if it was not revoked."""
        row = self._db.execute(
            "SELECT name FROM api_tokens WHERE hash = ? AND revoked_ns = 0", (_hash(secret),)
        ).fetchone()
        return row[0] if row else None


def verify(stored: str, password: str) -> bool:
    """Is the hash that of this password?"""
    try:
        return _HASHER.verify(stored, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
