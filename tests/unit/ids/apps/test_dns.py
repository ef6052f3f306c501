from __future__ import annotations

import struct
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ids.craft import udp
from tests.unit.ids.test_engine import alerts, events

from outrider.ids.apps.dns.message import MessageError, read
from outrider.ids.apps.dns.parser import TRANSACTIONS, DnsParser
from outrider.ids.flows.flow import TO_CLIENT, TO_SERVER


def name(text: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".")) + b"\0"


def question(text: str, kind: int = 1, flags: int = 0x0100) -> bytes:
    return struct.pack(">HHHHHH", 7, flags, 1, 0, 0, 0) + name(text) + struct.pack(">HH", kind, 1)


def record(kind: int, data: bytes, owner: bytes = b"\xc0\x0c") -> bytes:
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def answer(text: str, *records: bytes) -> bytes:
    head = struct.pack(">HHHHHH", 7, 0x8180, 1, len(records), 0, 0)
    return head + name(text) + struct.pack(">HH", 1, 1) + b"".join(records)


def test_a_question_and_its_answer() -> None:
    packets = [
        udp(question("www.evil.com")),
        udp(answer("www.evil.com", record(5, b"\1a\xc0\x10"), record(1, b"\1\2\3\4")), answer=True),
    ]
    asked, told = (event["dns"] for event in events("alert dns any any -> any any (noalert; sid:1;)", packets)[:2])
    assert (asked["type"], asked["queries"], asked["rd"]) == (
        "request",
        [{"rrname": "www.evil.com", "rrtype": "A"}],
        True,
    )
    assert (told["type"], told["rcode"], told["flags"]) == ("response", "NOERROR", "8180")
    assert [one["rdata"] for one in told["answers"]] == ["a.evil.com", "1.2.3.4"]
    assert told["grouped"] == {"CNAME": ["a.evil.com"], "A": ["1.2.3.4"]}


def test_rules_look_into_names() -> None:
    rules = (
        'alert dns any any -> any any (dns.query; content:"evil"; sid:1;)\n'
        'alert dns any any -> any any (dns.query; dotprefix; content:".evil.com"; endswith; sid:2;)\n'
        "alert dns any any -> any any (dns.rrtype:16; sid:3;)\n"
        'alert dns any any -> any any (dns.query; content:"good"; sid:4;)\n'
    )
    assert alerts(rules, [udp(question("evil.com", 16))]) == [1, 2, 3]


def test_messages_of_a_stream_stand_behind_their_length() -> None:
    parser = DnsParser(Counter(), stream=True)
    raw = b"".join(struct.pack(">H", len(one)) + one for one in (question("a.b"), question("c.d")))
    for at in range(len(raw)):
        parser.feed(TO_SERVER, raw[at : at + 1])
    assert [one.message.questions[0].name for one in parser.transactions] == [b"a.b", b"c.d"]


def test_pointers_that_go_round_come_to_an_end() -> None:
    loop = struct.pack(">HHHHHH", 7, 0x8180, 0, 1, 0, 0) + b"\xc0\x0c"
    assert read(loop).damaged
    with pytest.raises(MessageError):
        read(struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1")


def test_transactions_are_bounded() -> None:
    parser = DnsParser(Counter(), stream=False)
    for _ in range(TRANSACTIONS + 10):
        parser.feed(TO_SERVER, question("a.b"))
    assert len(parser.transactions) == TRANSACTIONS


@given(st.binary(max_size=120))
def test_garbage_is_no_fault(raw: bytes) -> None:
    for start in (b"", struct.pack(">HHHHHH", 7, 0x8180, 1, 3, 1, 1)):
        parser = DnsParser(Counter(), stream=False)
        parser.feed(TO_CLIENT, start + raw)
        for transaction in parser.transactions:
            transaction.event()
            transaction.older_event()
