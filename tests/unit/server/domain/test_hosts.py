"""States: which cause wins, and what is said about it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.protocols.uplink import Heartbeat, Ledger, Problem
from outrider.server.domain.hosts import (
    GRACE_NS,
    LOSS_SHOWN_NS,
    SECOND,
    TASK_SHOWN_NS,
    Host,
    State,
    heard,
    judge,
    past,
    spoken,
)

BEAT = 30
NOW = 1_000_000 * SECOND
HOST = Host("0" * 32, "web", "task", enrolled_ns=NOW - 3600 * SECOND, seen_ns=NOW - SECOND)


def host(**changes: object) -> Host:
    return msgspec.structs.replace(HOST, **changes)


@pytest.mark.parametrize(
    ("given_host", "received", "state", "reason"),
    [
        (host(), 5, State.OK, "heartbeats and records arrive"),
        (host(enrolled_ns=NOW - SECOND), 0, State.NEW, "no log record yet"),
        (host(enrolled_ns=NOW - SECOND, seen_ns=0), 0, State.NEW, "no log record yet"),
        (host(enrolled_ns=NOW - GRACE_NS), 0, State.WARNING, "no log record has ever arrived"),
        (host(seen_ns=NOW - 91 * SECOND), 5, State.OFFLINE, "no heartbeat for 1 minute"),
        (host(seen_ns=NOW - 90 * SECOND), 5, State.OK, ""),
        (host(seen_ns=0), 0, State.OFFLINE, "never heard of again"),
        (host(revoked_ns=1), 5, State.OFFLINE, "revoked"),
        (host(revoked_ns=1, forgotten_ns=1), 5, State.OFFLINE, "removed from the list"),
        (
            host(beat=Heartbeat(stopping=True)),
            5,
            State.OFFLINE,
            "stopped in order at 1970-01-12 13:46:39 UTC; nothing waits in its spool",
        ),
        (
            host(beat=Heartbeat(stopping=True, ledger=Ledger(9, 5, 3, {"late": 1}))),
            5,
            State.OFFLINE,
            "3 records wait in its spool; dropped while it ran: 1 late",
        ),
        (host(beat=Heartbeat(problems=[Problem("spool 85 % full")])), 5, State.WARNING, "spool 85 % full"),
        (
            host(beat=Heartbeat(problems=[Problem("low"), Problem("no spool", level="error")])),
            5,
            State.ERROR,
            "no spool",
        ),
        (
            host(lost_ns=NOW - SECOND, beat=Heartbeat(ledger=Ledger(9, 5, 0, {"spool full": 3, "malformed": 1}))),
            5,
            State.ERROR,
            "records were dropped: 3 spool full, 1 malformed",
        ),
        (host(lost_ns=NOW - LOSS_SHOWN_NS, beat=Heartbeat(ledger=Ledger(dropped={"x": 1}))), 5, State.OK, ""),
    ],
)
def test_the_worst_cause_wins(given_host: Host, received: int, state: State, reason: str) -> None:
    verdict = judge(given_host, received, NOW, BEAT)
    assert verdict.state is state
    assert reason in verdict.reason


def test_a_server_that_takes_nothing_is_every_host_s_error_but_not_of_those_that_are_away() -> None:
    refusing = Problem("the disk is full", "make room", "error")
    assert judge(host(seen_ns=NOW), 5, NOW, BEAT).state is State.OK
    assert judge(host(seen_ns=NOW), 5, NOW, BEAT, refusing) == (State.ERROR, "the disk is full", "make room")
    assert judge(host(seen_ns=NOW - 91 * SECOND), 5, NOW, BEAT, refusing).state is State.OFFLINE


@pytest.mark.parametrize("silent", [0, 91])
def test_whatever_needs_attention_says_what_to_do(silent: int) -> None:
    verdict = judge(host(seen_ns=NOW - silent * SECOND, enrolled_ns=NOW - GRACE_NS), 0, NOW, BEAT)
    assert verdict.state in {State.WARNING, State.OFFLINE}
    assert verdict.fix


def test_what_waits_in_a_stopped_agents_spool_can_be_had() -> None:
    assert judge(host(beat=Heartbeat(stopping=True, ledger=Ledger(buffered=1))), 0, NOW, BEAT).fix
    assert not judge(host(beat=Heartbeat(stopping=True)), 0, NOW, BEAT).fix


@pytest.mark.parametrize(
    ("kind", "state", "silent", "left_out"),
    [
        ("task", State.OFFLINE, TASK_SHOWN_NS + 1, True),
        ("task", State.OFFLINE, TASK_SHOWN_NS, False),
        ("task", State.OK, TASK_SHOWN_NS + 1, False),
        ("host", State.OFFLINE, TASK_SHOWN_NS + 1, False),
    ],
)
def test_tasks_that_ended_long_ago_are_past(kind: str, state: State, silent: int, left_out: bool) -> None:
    assert past(host(kind=kind, seen_ns=NOW - silent), state, NOW) is left_out


def test_only_new_losses_count() -> None:
    first = heard(host(lost_ns=0), Heartbeat(version="2", ledger=Ledger(dropped={"a": 2})), "10.0.0.1", NOW)
    assert (first.lost_ns, first.seen_ns, first.version, first.address) == (NOW, NOW, "2", "10.0.0.1")
    same = heard(first, Heartbeat(ledger=Ledger(dropped={"a": 1, "b": 1})), "10.0.0.1", NOW + 5)
    assert (same.lost_ns, same.seen_ns, same.version) == (NOW, NOW + 5, "2")
    restarted = heard(same, Heartbeat(), "10.0.0.1", NOW + 6)
    assert restarted.lost_ns == NOW
    assert heard(restarted, Heartbeat(ledger=Ledger(dropped={"a": 1})), "", NOW + 7).lost_ns == NOW + 7


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 seconds"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (7199, "1 hour"), (2 * 86_400, "2 days")],
)
def test_spans_are_spoken_in_the_largest_unit(seconds: int, text: str) -> None:
    assert spoken(seconds * SECOND) == text


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.integers(0, 2**62), st.integers(0, 2**62), st.integers(0, 9))
def test_there_is_always_a_verdict(enrolled: int, seen: int, lost: int, now: int, received: int) -> None:
    verdict = judge(host(enrolled_ns=enrolled, seen_ns=seen, lost_ns=lost), received, now, BEAT)
    assert verdict.state in State
    assert verdict.reason
