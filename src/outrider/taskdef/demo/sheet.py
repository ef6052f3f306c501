"""The balance sheet of a task: how many records each station has seen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One container: lines ``written`` by it, records ``routed`` by the log router, passed on by the agent that
    ``received`` them, and ``stored`` by the server.

    ``written`` is counted where lines leave the container, or by what caused them if that is more.
    """

    container: str
    written: int
    routed: int
    received: int
    stored: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """All containers. ``received`` counts the agent's records and ``stored`` the server's, of all containers together.

    ``dropped`` counts what a station says it dropped, by station and reason.
    """

    rows: tuple[Row, ...] = ()
    received: int = 0
    stored: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def written(self) -> int:
        """Lines of all containers."""
        return sum(row.written for row in self.rows)

    @property
    def routed(self) -> int:
        """Records of all containers that the router has routed."""
        return sum(row.routed for row in self.rows)

    @property
    def lost(self) -> int:
        """Lines that are known to be lost: what was dropped, as long as the rest may still be under way."""
        return sum(self.dropped.values())

    @property
    def missing(self) -> int:
        """Lines that are not stored, whether lost or under way."""
        return max(0, self.written - self.stored)

    @property
    def balanced(self) -> bool:
        """Whether every line, and nothing else, has passed every station."""
        return (
            self.written == self.routed == self.received == self.stored
            and not self.lost
            and all(row.written == row.routed == row.received == row.stored for row in self.rows)
        )

    def summary(self, backend: str) -> dict[str, Any]:
        """The last word, once nothing is under way any more: what is missing now is lost."""
        return {
            "written": self.written,
            "routed": self.routed,
            "received": self.received,
            "stored": self.stored,
            "lost": max(self.missing, self.lost),
            "backend": backend,
            "balanced": self.balanced,
            "containers": {
                row.container: {
                    "written": row.written,
                    "routed": row.routed,
                    "received": row.received,
                    "stored": row.stored,
                }
                for row in self.rows
            },
            "dropped": dict(self.dropped),
        }


def routed_by_tag(ledger: Mapping[str, Any]) -> dict[str, int]:
    """Container to records, of a router's ledger: FireLens tags are ``<container>-firelens-<task id>``."""
    found: dict[str, int] = {}
    for row in ledger.get("tags", ()):
        container, firelens, _ = row["tag"].rpartition("-firelens-")
        if firelens:
            found[container] = found.get(container, 0) + row["passed"]
    return found


def dropped_by(station: str, ledger: Mapping[str, Any]) -> dict[str, int]:
    """``station: reason`` to records, of the ledger of a router or an agent's pipeline; refused ones count as well."""
    found: dict[str, int] = {}
    for side in ("inputs", "outputs"):
        for row in ledger.get(side, {}).values():
            for kind in ("dropped", "refused"):
                for reason, count in row.get(kind, {}).items():
                    found[f"{station}: {reason}"] = found.get(f"{station}: {reason}", 0) + count
    return found
