from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ids import craft

from outrider.ids.capture.frame import Frame
from outrider.ids.packets.decode import Decoder
from outrider.ids.packets.fragments import MEMORY, Fragment, Fragments

KEY = (4, 1, 2, 17, 7, (), 0)


def pieces(data: bytes, cuts: list[int]) -> list[Fragment]:
    edges = sorted({0, len(data), *(cut * 8 for cut in cuts if cut * 8 < len(data))})
    return [Fragment(KEY, start, end < len(data), data[start:end], b"head") for start, end in itertools.pairwise(edges)]


@given(st.binary(min_size=1, max_size=200), st.lists(st.integers(1, 24), max_size=6), st.randoms(use_true_random=False))
def test_fragments_in_any_order_make_the_datagram(data: bytes, cuts: list[int], order: object) -> None:
    found = pieces(data, cuts)
    order.shuffle(found)  # type: ignore[attr-defined]
    fragments = Fragments()
    answers = [fragments.add(piece, 0) for piece in found]
    assert answers[:-1] == [None] * (len(found) - 1)
    assert answers[-1] == (b"head", data)


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("first", b"aaaaaaaabbbbbbbbbbbbbbbb"),
        ("last", b"aaaaaaaaccccccccbbbbbbbb"),
        ("linux", b"aaaaaaaabbbbbbbbbbbbbbbb"),
        ("bsd", b"aaaaaaaabbbbbbbbbbbbbbbb"),
        ("bsd-right", b"aaaaaaaaccccccccbbbbbbbb"),
    ],
)
def test_who_wins_where_two_overlap(policy: str, wanted: bytes) -> None:
    fragments = Fragments(lambda version, address: policy)
    fragments.add(Fragment(KEY, 8, False, b"b" * 16, b""), 0)
    fragments.add(Fragment(KEY, 8, True, b"c" * 8, b""), 0)
    whole = fragments.add(Fragment(KEY, 0, True, b"a" * 8, b"head"), 0)
    assert whole == (b"head", wanted)


def test_a_datagram_that_takes_too_long_begins_again() -> None:
    fragments = Fragments()
    fragments.add(Fragment(KEY, 0, True, b"a" * 8, b"head"), 0)
    assert fragments.add(Fragment(KEY, 8, False, b"b", b""), 61_000_000) is None
    assert fragments.counters["defrag.timeouts"] == 1


def test_memory_is_bounded() -> None:
    fragments = Fragments()
    for number in range(300):
        fragments.add(Fragment((4, 1, 2, 17, number, (), 0), 8, True, b"x" * 60_000, b""), 0)
    assert fragments.counters["defrag.memory"] >= 300 - MEMORY // 60_000 - 1


def test_a_fragmented_packet_is_decoded_as_a_whole() -> None:
    whole = craft.udp(b"evil" * 20)
    first, second = whole[20:60], whole[60:]
    frames = [
        Frame(1, 0, 101, craft.ipv4(first, 17, part=0x2000)),
        Frame(2, 1, 101, craft.ipv4(second, 17, part=5)),
    ]
    decoder = Decoder(Fragments())
    found = [packet for frame in frames for packet in decoder.packets(frame)]
    assert [packet.origin for packet in found] == ["wire/pcap", "wire/pcap", "defrag"]
    assert found[2].payload == b"evil" * 20
    assert (found[2].number, found[2].destination_port, found[2].bad_sum) == (2, 53, False)
