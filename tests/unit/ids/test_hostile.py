"""Inputs that once took time or memory without end: each is small, and is over at once."""

from __future__ import annotations

import struct
from collections import Counter

import pytest
from tests.unit.ids.capture.test_reader import block
from tests.unit.ids.craft import udp
from tests.unit.ids.test_engine import alerts, events

from outrider.ids.apps.http.parser import HttpParser
from outrider.ids.apps.http.transaction import BODY_LIMIT, Memory
from outrider.ids.capture.frame import CaptureError, Frame
from outrider.ids.capture.reader import frames as read_frames
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER
from outrider.ids.packets.decode import Decoder
from outrider.ids.packets.fragments import Fragment, Fragments
from outrider.ids.rules.lines import RULE_LIMIT, lines_of

HEADS = [
    b"GET x" + b" " * 60_000 + b"y z HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A" * 60_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: " + b"\r" * 60_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: b\r\n" + b" x\r\n" * 15_000 + b"\r\n",
]


@pytest.mark.parametrize("number", range(len(HEADS)))
def test_heads(number: int) -> None:
    parser = HttpParser(Counter())
    parser.feed(TO_SERVER, HEADS[number])
    assert parser.transactions[0].method == b"GET"


def test_many_requests_at_once() -> None:
    parser = HttpParser(Counter())
    parser.feed(TO_SERVER, b"GET / HTTP/1.1\r\n\r\n" * 50_000)
    assert parser.transactions[-1].id == 49_999


def test_chunks_of_one_byte() -> None:
    parser = HttpParser(Counter())
    parser.feed(TO_CLIENT, b"HTTP/1.1 200 ok\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nA\r\n" * 150_000)
    assert bytes(parser.transactions[0].response.body) == b"A" * BODY_LIMIT


def test_bodies_of_all_connections_share_memory() -> None:
    memory = Memory(limit=1000)
    answer = b"HTTP/1.1 200 ok\r\nContent-Length: 600\r\n\r\n" + b"x" * 600
    parsers = [HttpParser(Counter(), memory=memory) for _ in range(3)]
    for parser in parsers:
        parser.feed(TO_CLIENT, answer)
    assert (memory.used, memory.refused) == (600, 1200)
    parsers[0].transactions[0].forget()
    assert memory.used == 0


def test_a_thousand_fragments_in_the_middle() -> None:
    fragments = Fragments()
    key = (4, 1, 2, 17, 7, (), 0)
    told = [Fragment(key, at * 8, at < 999, b"abcdefgh", b"head") for at in (0, 999, *range(1, 999))]
    whole = [fragments.add(piece, 0) for piece in told][-1]
    assert whole == (b"head", b"abcdefgh" * 1000)


def test_what_flows_keep_is_one_value_a_name() -> None:
    rule = 'alert udp any any -> any any (pcre:"/user=(?P<flow_u>\\d+)/"; sid:4;)'
    packets = [udp(b"user=%d" % number) for number in range(200)]
    found = [event for event in events(rule, packets) if event["event_type"] == "alert"]
    assert found[-1]["metadata"]["flowvars"] == [{"flow_u": "199"}] or found[-1]["metadata"]["flowvars"] == [
        {"u": "199"}
    ]
    assert len(alerts(rule, packets)) == 200


def test_service_headers_in_one_another_come_to_an_end() -> None:
    head = b"\0\2\2\3" + bytes(4)
    data = b"".join(bytes(12) + b"\x89\x4f" + head for _ in range(5000))
    assert Decoder(Fragments()).packets(Frame(1, 0, 1, data)) == []


@pytest.mark.parametrize(("time", "resolution"), [((1 << 64) - 1, 6), (1 << 63, 0)])
def test_times_that_are_none(time: int, resolution: int) -> None:
    raw = block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    raw += block("<", 1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHB3x", 9, 1, resolution))
    raw += block("<", 6, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, 0, 0))
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        at += size
        return raw[at - size : at]

    with pytest.raises(CaptureError, match="a time that is none"):
        list(read_frames(read))


def test_a_rule_without_end_is_not_collected() -> None:
    found = list(lines_of("a\\\n" * 500_000, "x"))
    assert len(found) == 1
    assert RULE_LIMIT < len(found[0].text) < RULE_LIMIT * 2
    assert len(found[0].parts) <= RULE_LIMIT + 1


def test_a_name_that_is_too_long() -> None:
    labels = b"\1a" * 20_000 + b"\0"
    message = struct.pack(">HHHHHH", 7, 0x8180, 1, 600, 0, 0) + labels + b"\0\1\0\1" + b"\xc0\x0c\0\6\0\1" * 600
    assert alerts('alert dns any any -> any any (dns.query; content:"a"; sid:1;)', [udp(message)]) == []
