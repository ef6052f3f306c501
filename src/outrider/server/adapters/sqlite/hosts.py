"""Enrolled hosts."""

from __future__ import annotations

from typing import Any

import msgspec

from outrider.protocols.uplink import Heartbeat
from outrider.server.adapters.sqlite.database import Database
from outrider.server.domain.hosts import Host

_COLUMNS = "id, name, kind, enrolled_ns, version, address, labels, seen_ns, lost_ns, revoked_ns, forgotten_ns, beat"


class HostTable:
    """The table ``hosts``. Reads see what commands in other processes have written."""

    def __init__(self, database: Database) -> None:
        self._db = database.connection

    def add(self, host: Host, serial: int, token: str) -> None:
        """A new host, its certificate's serial number and the id of the token that it came with."""
        self._db.execute(
            "INSERT INTO hosts(id, name, kind, enrolled_ns, version, address, labels, seen_ns, beat, serial, token)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                host.id,
                host.name,
                host.kind,
                host.enrolled_ns,
                host.version,
                host.address,
                msgspec.json.encode(host.labels).decode(),
                host.seen_ns,
                msgspec.json.encode(host.beat).decode(),
                f"{serial:x}",
                token,
            ),
        )

    def save_beat(self, host: Host) -> None:
        """What a heartbeat changes. Not synced: the next heartbeat says it again."""
        self._db.execute("PRAGMA synchronous=NORMAL")
        try:
            self._db.execute(
                "UPDATE hosts SET version = ?, address = ?, seen_ns = ?, lost_ns = ?, beat = ? WHERE id = ?",
                (
                    host.version,
                    host.address,
                    host.seen_ns,
                    host.lost_ns,
                    msgspec.json.encode(host.beat).decode(),
                    host.id,
                ),
            )
        finally:
            self._db.execute("PRAGMA synchronous=FULL")

    def revoke(self, host_id: str, now_ns: int) -> bool:
        """Refuse this host from now on; false where there is no such host or it was revoked before."""
        done = self._db.execute("UPDATE hosts SET revoked_ns = ? WHERE id = ? AND revoked_ns = 0", (now_ns, host_id))
        return done.rowcount > 0

    def forget(self, host_id: str, now_ns: int) -> None:
        """Refuse this host from now on, and leave it out of lists."""
        self._db.execute(
            "UPDATE hosts SET forgotten_ns = ?1, revoked_ns = iif(revoked_ns = 0, ?1, revoked_ns)"
            " WHERE id = ?2 AND forgotten_ns = 0",
            (now_ns, host_id),
        )

    def standing(self, host_id: str) -> int | None:
        """When the host was revoked, 0 if it was not; None where there is no such host."""
        row = self._db.execute("SELECT revoked_ns FROM hosts WHERE id = ?", (host_id,)).fetchone()
        return row[0] if row else None

    def get(self, host_id: str) -> Host | None:
        """The host with this id."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM hosts WHERE id = ?", (host_id,)).fetchone()
        return _host(row) if row else None

    def all(self) -> list[Host]:
        """Every host, the forgotten ones too, by name."""
        return [_host(row) for row in self._db.execute(f"SELECT {_COLUMNS} FROM hosts ORDER BY name, enrolled_ns")]


def _host(row: tuple[Any, ...]) -> Host:
    fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
    fields["labels"] = msgspec.json.decode(fields["labels"], type=dict[str, str])
    fields["beat"] = msgspec.json.decode(fields["beat"], type=Heartbeat)
    return Host(**fields)
