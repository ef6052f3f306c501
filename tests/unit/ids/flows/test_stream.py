from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.ids.flows.stream import POLICIES, WAITING, Gap, Stream


def everything(stream: Stream, upto: int) -> list[bytes | Gap]:
    found = []
    while (part := stream.take(upto)) is not None:
        found.append(part)
    return found


SEGMENTS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), min_size=1, max_size=12)


@given(SEGMENTS, st.sampled_from(sorted(POLICIES)), st.lists(st.integers(0, 60), max_size=4))
def test_the_same_bytes_come_out_however_they_are_cut(
    segments: list[tuple[int, int]], policy: str, takes: list[int]
) -> None:
    text = bytes(range(64))
    stream = Stream(policy)
    made = bytearray()
    for number, (start, size) in enumerate(segments):
        stream.add(start, text[start : start + size])
        if number < len(takes):
            upto = min(takes[number], stream.in_order())
            made += b"".join(part for part in everything(stream, upto) if isinstance(part, bytes))
    made += b"".join(part for part in everything(stream, stream.in_order()) if isinstance(part, bytes))
    assert bytes(made) == text[: len(made)]
    assert not stream.overlapped
    covered = {byte for start, size in segments for byte in range(start, min(start + size, 64))}
    whole = next(n for n in range(65) if n not in covered)
    assert len(made) == whole


@given(st.lists(st.tuples(st.integers(0, 20), st.binary(min_size=1, max_size=12)), min_size=1, max_size=8))
def test_overlaps_with_other_bytes_leave_pieces_apart(segments: list[tuple[int, bytes]]) -> None:
    covered = {byte for start, data in segments for byte in range(start, start + len(data))}
    for policy in POLICIES:
        stream = Stream(policy)
        for start, data in segments:
            stream.add(start, data)
        found = everything(stream, max(covered) + 1)
        sizes = [part.size if isinstance(part, Gap) else len(part) for part in found]
        assert sum(sizes) == max(covered) + 1
        assert sum(len(part) for part in found if isinstance(part, bytes)) == len(covered)


@pytest.mark.parametrize(
    ("policy", "same", "earlier", "longer"),
    [
        ("first", b"old", b"-old", b"old+"),
        ("last", b"new", b"-new", b"new+"),
        ("windows", b"old", b"-new", b"old+"),
        ("linux", b"old", b"-new", b"new+"),
        ("old-linux", b"new", b"-new", b"new+"),
        ("solaris", b"old", b"-new", b"new+"),
    ],
)
def test_who_wins_where_two_overlap(policy: str, same: bytes, earlier: bytes, longer: bytes) -> None:
    for start, data, wanted in ((1, b"new", same), (0, b"-new", earlier), (1, b"new+", longer)):
        stream = Stream(policy)
        stream.add(1, b"old")
        stream.add(start, data)
        stream.take(start)
        assert b"".join(part for part in everything(stream, 9) if isinstance(part, bytes)) == wanted


def test_what_is_missing_is_a_gap() -> None:
    stream = Stream()
    stream.add(5, b"later")
    assert everything(stream, 12) == [Gap(5), b"later", Gap(2)]


def test_what_waits_is_bounded() -> None:
    stream = Stream()
    for number in range(100):
        stream.add(1 + number * 60_000, b"x" * 60_000)
    assert stream.dropped >= 100 * 60_000 - WAITING
