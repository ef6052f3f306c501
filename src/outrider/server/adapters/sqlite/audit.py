"""Who did what: tokens made and used, logins, refusals. Rows are only ever added."""

from __future__ import annotations

import msgspec

from outrider.server.adapters.sqlite.database import Database


class AuditEntry(msgspec.Struct, frozen=True):
    """``who`` did ``what`` with ``about``; ``detail`` in words."""

    at_ns: int
    who: str
    what: str
    about: str
    detail: str


class AuditTrail:
    """The table ``audit``."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection

    def add(self, entry: AuditEntry) -> None:
        """Append, as a part of the current transaction if there is one."""
        self._db.execute(
            "INSERT INTO audit(at_ns, who, what, about, detail) VALUES(?, ?, ?, ?, ?)", msgspec.structs.astuple(entry)
        )

    def newest(self, limit: int = 100) -> list[AuditEntry]:
        """The last entries, newest first."""
        rows = self._db.execute(
            "SELECT at_ns, who, what, about, detail FROM audit ORDER BY number DESC LIMIT ?", (limit,)
        )
        return [AuditEntry(*row) for row in rows]
