"""Join tokens. Only the hash of a secret is kept."""

from __future__ import annotations

import hmac

import msgspec

from outrider.protocols.uplink import JoinToken, Reason, Refusal, hash_secret
from outrider.server.adapters.sqlite.database import Database

_FIX = "ask for a new one: outrider server token create"


class TokenRow(msgspec.Struct, frozen=True):
    """A join token as listed. ``uses`` is how often it may be used, ``used`` how often it was."""

    id: str
    created_ns: int
    created_by: str
    expires_ns: int
    uses: int
    used: int
    name_prefix: str
    revoked_ns: int

    def state(self, now_ns: int) -> str:
        """``valid``, ``revoked``, ``used`` or ``expired``."""
        if self.revoked_ns:
            return "revoked"
        if self.used >= self.uses:
            return "used"
        return "expired" if self.expires_ns <= now_ns else "valid"


_COLUMNS = ", ".join(TokenRow.__struct_fields__)


class TokenTable:
    """The table ``tokens``."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection

    def add(self, row: TokenRow, secret: str) -> None:
        """A new token."""
        self._db.execute(
            f"INSERT INTO tokens({_COLUMNS}, hash) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*msgspec.structs.astuple(row), hash_secret(secret)),
        )

    def spend(self, token: JoinToken, name: str, now_ns: int) -> TokenRow:
        """Use the token once, for a host of this name. Raises ``Refusal`` that says why not.

        Part of the caller's transaction: what is rolled back was not spent.
        """
        row = self.examine(token, name, now_ns)
        self._db.execute("UPDATE tokens SET used = used + 1 WHERE id = ?", (row.id,))
        return row

    def examine(self, token: JoinToken, name: str, now_ns: int) -> TokenRow:
        """The token, if it may be used for a host of this name. Raises ``Refusal`` that says why not."""
        found = self._db.execute(f"SELECT hash, {_COLUMNS} FROM tokens WHERE id = ?", (token.id,)).fetchone()
        # The same time and the same answer for an unknown id as for a wrong secret.
        if not hmac.compare_digest(found[0] if found else bytes(32), hash_secret(token.secret)):
            raise Refusal(Reason.TOKEN_UNKNOWN, "this server does not know the join token", _FIX)
        row = TokenRow(*found[1:])
        match row.state(now_ns):
            case "revoked":
                raise Refusal(Reason.TOKEN_REVOKED, f"the join token {row.id} was revoked", _FIX)
            case "used":
                times = "once" if row.uses == 1 else f"{row.uses} times"
                raise Refusal(Reason.TOKEN_USED, f"the join token {row.id} was made to be used {times}, and was", _FIX)
            case "expired":
                raise Refusal(Reason.TOKEN_EXPIRED, f"the join token {row.id} has expired", _FIX)
        if not name.startswith(row.name_prefix):
            raise Refusal(
                Reason.NAME_NOT_ALLOWED,
                f"the join token {row.id} is for hosts whose name begins with '{row.name_prefix}', not for '{name}'",
                "change the host's name or ask for another token",
            )
        return row

    def revoke(self, token_id: str, now_ns: int) -> bool:
        """Refuse this token from now on; false where there is no such token or it was revoked before."""
        done = self._db.execute("UPDATE tokens SET revoked_ns = ? WHERE id = ? AND revoked_ns = 0", (now_ns, token_id))
        return done.rowcount > 0

    def all(self) -> list[TokenRow]:
        """Every token, newest first."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM tokens ORDER BY created_ns DESC")
        return [TokenRow(*row) for row in rows]
