"""A protected host and the state that the portal shows for it."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from outrider.protocols.uplink import Heartbeat, Problem

SECOND = 10**9
MISSED_BEATS = 3
GRACE_NS = 15 * 60 * SECOND
"""How long a new host may take to send its first record before that is worth a warning."""
LOSS_SHOWN_NS = 3600 * SECOND
"""How long after its last dropped record a host is in error."""


TASK_SHOWN_NS = 24 * 3600 * SECOND
"""How long a task that is offline stays in the list of hosts: each start of a task is a host of its own."""


class State(enum.StrEnum):
    """In the order in which they want attention."""

    ERROR = "Error"
    OFFLINE = "Offline"
    WARNING = "Warning"
    NEW = "New"
    OK = "OK"


class Host(msgspec.Struct, frozen=True):
    """An enrolled agent. Times in ns since the epoch, 0 for never. ``id`` is 32 hex digits, the certificate's CN.

    A forgotten host is in no list; its name stays for its records.
    """

    id: str
    name: str
    kind: str
    enrolled_ns: int
    version: str = ""
    address: str = ""
    labels: dict[str, str] = {}
    seen_ns: int = 0
    lost_ns: int = 0
    revoked_ns: int = 0
    forgotten_ns: int = 0
    beat: Heartbeat = msgspec.field(default_factory=Heartbeat)


class Verdict(NamedTuple):
    """A state, why, and what to do about it (empty where nothing is to be done)."""

    state: State
    reason: str
    fix: str = ""


def heard(host: Host, beat: Heartbeat, address: str, now_ns: int) -> Host:
    """The host after this heartbeat. ``lost_ns`` moves when the agent has dropped more records than before."""
    more = beat.ledger.lost > host.beat.ledger.lost
    return msgspec.structs.replace(
        host,
        beat=beat,
        version=beat.version or host.version,
        address=address,
        seen_ns=now_ns,
        lost_ns=now_ns if more else host.lost_ns,
    )


def judge(host: Host, received: int, now_ns: int, heartbeat_seconds: int, refusing: Problem | None = None) -> Verdict:
    """The state of a host of which the server has ``received`` records. The worst cause wins.

    ``refusing`` is why the server takes no records at present, from no host.
    """
    if host.forgotten_ns:
        return Verdict(State.OFFLINE, "it was removed from the list; its records are there until they expire")
    if host.revoked_ns:
        return Verdict(
            State.OFFLINE, "its certificate was revoked", "enrol it again with a new join token if it may return"
        )
    if host.beat.stopping:
        return _judge_stopped(host)
    silent = now_ns - (host.seen_ns or host.enrolled_ns)
    if silent > MISSED_BEATS * heartbeat_seconds * SECOND:
        if not host.seen_ns:
            return Verdict(
                State.OFFLINE,
                "it enrolled but was never heard of again",
                "look at the agent's own log; it must reach the ingest address",
            )
        return Verdict(
            State.OFFLINE,
            f"no heartbeat for {spoken(silent)}",
            "check that the task runs and that it reaches the ingest address; an agent without contact keeps its"
            " records in its spool",
        )
    if refusing:
        return Verdict(State.ERROR, refusing.what, refusing.fix)
    return _judge_online(host, received, now_ns)


def past(host: Host, state: State, now_ns: int) -> bool:
    """Is this a task that ended long ago? Lists leave it out unless it is asked for."""
    last = host.seen_ns or host.enrolled_ns
    return state is State.OFFLINE and host.kind == "task" and now_ns - last > TASK_SHOWN_NS


def _judge_stopped(host: Host) -> Verdict:
    moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=host.seen_ns // SECOND)
    waiting, lost = host.beat.ledger.buffered, host.beat.ledger.lost
    reason = f"stopped in order at {moment:%Y-%m-%d %H:%M:%S} UTC; "
    if waiting:
        reason += "1 record waits in its spool" if waiting == 1 else f"{waiting:,} records wait in its spool"
    else:
        reason += "nothing waits in its spool"
    if lost:
        reason += f"; dropped while it ran: {_reasons(host.beat.ledger.dropped)}"
    fix = "start it again with the same state directory, and it delivers them" if waiting else ""
    return Verdict(State.OFFLINE, reason, fix)


def _reasons(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} {why}" for why, n in sorted(dropped.items(), key=lambda item: -item[1]) if n)


def _judge_online(host: Host, received: int, now_ns: int) -> Verdict:
    problems = host.beat.problems
    for problem in problems:
        if problem.level == "error":
            return Verdict(State.ERROR, problem.what, problem.fix)
    if host.lost_ns and now_ns - host.lost_ns < LOSS_SHOWN_NS:
        reasons = _reasons(host.beat.ledger.dropped)
        return Verdict(State.ERROR, f"records were dropped: {reasons}", "give the agent a larger spool or less to send")
    if problems:
        return Verdict(State.WARNING, problems[0].what, problems[0].fix)
    if not received:
        if now_ns - host.enrolled_ns < GRACE_NS:
            return Verdict(State.NEW, "connected; no log record yet")
        return Verdict(
            State.WARNING,
            "connected, but no log record has ever arrived",
            "check that the router's output points at this agent's syslog port",
        )
    return Verdict(State.OK, "heartbeats and records arrive")


def spoken(ns: int) -> str:
    """A span in the largest unit that fits: ``45 seconds``, ``3 minutes``, ``2 days``."""
    seconds = max(ns, 0) // SECOND
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            n = seconds // size
            return f"{n} {unit}{'s' if n != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"
