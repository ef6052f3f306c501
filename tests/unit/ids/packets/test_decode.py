from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ids import craft

from outrider.ids.capture.frame import Frame
from outrider.ids.packets.decode import LEVELS, Decoder
from outrider.ids.packets.fragments import Fragments
from outrider.ids.packets.packet import Packet

ETHERNET = bytes(12)


def decoded(data: bytes, link: int = 101, **more: bool) -> list[Packet]:
    return Decoder(Fragments(), **more).packets(Frame(1, 0, link, data))


def six(payload: bytes, following: int) -> bytes:
    return struct.pack(">IHBB", 6 << 28, len(payload), following, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + payload


def test_tcp_of_ipv4() -> None:
    found = decoded(craft.tcp(24, 7, 9, b"hello"))[0]
    assert (found.source, found.destination) == (craft.CLIENT, craft.SERVER)
    assert (found.source_port, found.destination_port, found.seq, found.ack) == (4000, 80, 7, 9)
    assert (found.flags, found.payload, found.bad_sum) == (24, b"hello", False)


@pytest.mark.parametrize("at", [10, 12, 21, 25, 41])
def test_a_wrong_sum_is_seen_unless_sums_do_not_count(at: int) -> None:
    data = bytearray(craft.tcp(24, 7, 9, b"hello"))
    data[at] ^= 1
    assert decoded(bytes(data))[0].bad_sum
    assert not decoded(bytes(data), verify=False)[0].bad_sum


UDP = craft.udp(b"inner")
WAYS = [
    (1, ETHERNET + b"\x08\x00" + UDP, ()),
    (1, ETHERNET + b"\x81\x00\x00\x17\x08\x00" + UDP, (23,)),
    (1, ETHERNET + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00" + UDP, (5, 6)),
    (1, ETHERNET + b"\x88\x47\x00\x01\x00\x40\x00\x01\x01\x40" + UDP, ()),
    (1, ETHERNET + b"\x88\x64\x11\x00\x00\x01\x00\x20\x00\x21" + UDP, ()),
    (101, UDP, ()),
    (113, bytes(14) + b"\x08\x00" + UDP, ()),
    (276, b"\x08\x00" + bytes(18) + UDP, ()),
    (0, b"\2\0\0\0" + UDP, ()),
    (9, b"\xff\x03\x00\x21" + UDP, ()),
    (9, b"\x21" + UDP, ()),
]


@pytest.mark.parametrize(("link", "data", "vlans"), WAYS)
def test_links(link: int, data: bytes, vlans: tuple[int, ...]) -> None:
    found = decoded(data, link)
    assert [packet.payload for packet in found] == [b"inner"]
    assert found[0].vlans == vlans


VXLAN = craft.udp(b"\x08" + bytes(7) + ETHERNET + b"\x08\x00" + UDP, dport=4789)
GENEVE = craft.udp(b"\x00\x00\x65\x58" + bytes(4) + ETHERNET + b"\x08\x00" + UDP, dport=6081)
TUNNELS = [
    (craft.ipv4(UDP, 4), "ipv4 tunnel"),
    (craft.ipv4(six(UDP[20:], 17), 41), "ipv6 tunnel"),
    (craft.ipv4(b"\0\0\x08\x00" + UDP, 47), "gre tunnel"),
    (craft.ipv4(b"\x20\0\x65\x58\0\0\0\0" + ETHERNET + b"\x08\x00" + UDP, 47), "gre tunnel"),
    (VXLAN, "vxlan tunnel"),
    (GENEVE, "geneve tunnel"),
]


@pytest.mark.parametrize(("data", "origin"), TUNNELS)
def test_tunnels(data: bytes, origin: str) -> None:
    found = decoded(data, verify=False)
    assert [packet.origin for packet in found] == ["wire/pcap", origin]
    assert (found[1].payload, found[1].level) == (b"inner", 1)


def test_tunnels_in_tunnels_come_to_an_end() -> None:
    data = UDP
    for _ in range(40):
        data = craft.ipv4(data, 4)
    assert len(decoded(data)) == LEVELS + 1


def test_headers_of_ipv6_are_passed_over() -> None:
    chain = b"\x3c\0" + bytes(6) + b"\x2b\0" + bytes(6) + b"\x11\0" + bytes(6) + UDP[20:]
    assert decoded(six(chain, 0), verify=False)[0].payload == b"inner"
    endless = (b"\x3c\0" + bytes(6)) * 5000
    assert decoded(six(endless, 60), verify=False)[0].payload != b"inner"


def test_an_icmp_error_quotes_a_packet() -> None:
    error = b"\3\3\0\0\0\0\0\0" + UDP[:28]
    found = decoded(craft.ipv4(error, 1), verify=False)[0]
    assert found.inner == (4, 17, craft.CLIENT, 4000, craft.SERVER, 53)


@given(st.sampled_from([0, 1, 9, 101, 113, 276, 999]), st.binary(max_size=120))
def test_garbage_is_no_packet_and_no_fault(link: int, data: bytes) -> None:
    decoded(data, link)


@given(st.sampled_from([data for _, data, _ in WAYS] + [data for data, _ in TUNNELS]), st.data())
def test_damaged_packets_are_no_fault(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    damaged = data[:at] + bytes([draw.draw(st.integers(0, 255))]) + data[at + 1 : draw.draw(st.integers(at, len(data)))]
    for link in (1, 101):
        decoded(damaged, link)
