"""A running task at one moment, in numbers and words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ContainerRow:
    """One container. ``state`` is PENDING, RUNNING, HEALTHY, UNHEALTHY or STOPPED, ``status`` its exit status.

    ``seconds`` is how long it has run, None before its start; ``dropped`` counts log messages that its log driver
    dropped, None where that does not say.
    """

    name: str
    role: str
    state: str
    status: int | None = None
    seconds: float | None = None
    lines: int = 0
    dropped: int | None = None

    @property
    def known_as(self) -> str:
        """Its state with its exit status."""
        return self.state if self.status is None else f"{self.state} ({self.status})"

    @property
    def uptime(self) -> str:
        """How long it has run, for people; empty before its start."""
        return "" if self.seconds is None else span(self.seconds)


@dataclass(frozen=True, slots=True)
class OutputRow:
    """Records of one of the router's outputs."""

    name: str
    delivered: int = 0
    buffered: int = 0
    retried: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Station:
    """Records of the agent."""

    accepted: int
    delivered: int
    buffered: int


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it. ``agent`` is None where there is none, or it has not begun to count."""

    containers: tuple[ContainerRow, ...] = ()
    outputs: tuple[OutputRow, ...] = ()
    agent: Station | None = None
    reason: str = field(default="", kw_only=True)
    """Why the task ends; empty while it does not."""

    @property
    def states(self) -> tuple[str, ...]:
        """What is news when it changes."""
        return tuple(row.known_as for row in self.containers)

    def lines(self) -> list[str]:
        """For where there is no screen: a line for each row."""
        found = []
        for row in self.containers:
            uptime = f" for {row.uptime}" if row.uptime and row.status is None else ""
            dropped = f", {row.dropped} dropped" if row.dropped else ""
            found.append(f"{row.name} ({row.role}): {row.known_as}{uptime}, {row.lines} lines{dropped}")
        found += [
            f"output {output.name}: {output.delivered} delivered, {output.buffered} buffered, "
            f"{output.retried} retried, {output.dropped} dropped"
            for output in self.outputs
        ]
        if self.agent is not None:
            numbers = (
                f"{self.agent.accepted} accepted, {self.agent.delivered} delivered, {self.agent.buffered} buffered"
            )
            found.append(f"agent: {numbers}")
        return found


def span(seconds: float) -> str:
    """``5s``, ``3m05s``, ``2h03m``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


def outputs_of(ledger: Mapping[str, Any]) -> tuple[OutputRow, ...]:
    """Of a router's ledger."""
    return tuple(
        OutputRow(name, row["delivered"], row["buffered"], row["retried"], sum(row["dropped"].values()))
        for name, row in sorted(ledger.get("outputs", {}).items())
    )


def agent_of(status: Mapping[str, Any]) -> Station | None:
    """Of what an agent says of itself; None before it says anything."""
    if "accepted" not in status:
        return None
    return Station(status["accepted"], status.get("delivered", 0), status.get("buffered", 0))
