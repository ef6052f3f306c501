from __future__ import annotations

import itertools
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.protocols.syslog.framing import (
    MESSAGE_LIMIT,
    CountedFraming,
    Framing,
    NewlineFraming,
    complete,
    framing,
    messages,
)

Name = Literal["newline", "octet_counting", "auto"]
LIMIT = 10


def run(machine: Framing, pieces: list[bytes]) -> tuple[list[bytes], Any, int, int]:
    found = [message for piece in pieces for message in machine.feed(piece)]
    error = machine.error
    return found + machine.end(), error, machine.cut, machine.skipped


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(places)]


stream_bytes = st.lists(
    st.sampled_from(
        [b"\n", b"\r\n", b"\r", b"abc", b"<13>x y", b"a" * 9, b"b" * 10, b"c" * 11, b"d" * 25, b"\xff", b"\x00"]
    )
    | st.sampled_from([b"3 abc", b"5 a\nb\nc", b"25 " + b"e" * 25, b"0 ", b"12", b" ", b"99999999999 "]),
    max_size=12,
).map(b"".join)


@given(stream_bytes, st.lists(st.integers(0, 200), max_size=6), st.sampled_from(["newline", "octet_counting", "auto"]))
def test_any_split_gives_the_same_messages(data: bytes, cuts: list[int], name: Name) -> None:
    whole = run(framing(name, LIMIT), [data])
    assert run(framing(name, LIMIT), split(data, cuts)) == whole
    assert run(framing(name, LIMIT), [data[n : n + 1] for n in range(len(data))]) == whole
    assert all(0 < len(message) <= LIMIT for message in whole[0])


@given(stream_bytes)
def test_complete_counts_what_messages_gives(data: bytes) -> None:
    whole, count, rest = complete(data)
    assert whole + rest == data
    assert b"\n" not in rest
    assert len(messages(whole)) == count
    machine = NewlineFraming(len(data) + 1)
    assert machine.feed_lines(data) == (whole, count)


def test_lines_end_with_or_without_carriage_return_and_blank_ones_are_none() -> None:
    assert run(NewlineFraming(), [b"one\r\ntwo\n\n\r\nth\rree\n  \nlast"]) == (
        [b"one", b"two", b"th\rree", b"  ", b"last"],
        None,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("data", "found", "cut", "skipped"),
    [
        (b"a" * 10 + b"\nnext\n", [b"a" * 10, b"next"], 0, 0),
        (b"a" * 10 + b"\r\nnext\n", [b"a" * 10, b"next"], 0, 0),
        (b"a" * 11 + b"\nnext\n", [b"a" * 10, b"next"], 1, 1),
        (b"a" * 25 + b"\r\nnext\n", [b"a" * 10, b"next"], 1, 16),
        (b"a" * 25, [b"a" * 10], 1, 15),
    ],
)
def test_a_longer_line_is_cut_and_its_rest_skipped(data: bytes, found: list[bytes], cut: int, skipped: int) -> None:
    assert run(NewlineFraming(LIMIT), [data]) == (found, None, cut, skipped)


def test_the_longest_message_passes_in_small_reads() -> None:
    line = b"<14>" + b"x" * (MESSAGE_LIMIT - 4)
    data = line + b"\nnext\n"
    reads = [data[n : n + 65536] for n in range(0, len(data), 65536)]
    assert run(NewlineFraming(), reads) == ([line, b"next"], None, 0, 0)


def test_counted_messages_may_hold_line_ends() -> None:
    assert run(CountedFraming(), [b"5 a\nb\nc3 two\n4 four\r\n2 xy"]) == (
        [b"a\nb\nc", b"two", b"four", b"xy"],
        None,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("data", "found", "error"),
    [
        (b"3 one<13>lost\n", [b"one"], "b'<' stands"),
        (b"03 one", [], "begins with 0"),
        (b"12345678901 x", [], "more than 10 digits"),
        (b" x", [], "b' ' stands"),
    ],
)
def test_a_broken_count_ends_the_stream(data: bytes, found: list[bytes], error: str) -> None:
    machine = CountedFraming()
    assert machine.feed(data) == found
    assert machine.error is not None
    assert error in machine.error
    assert machine.feed(b"3 one") == []


def test_a_counted_message_beyond_the_limit_is_cut_and_its_rest_skipped() -> None:
    assert run(CountedFraming(LIMIT), [b"25 " + b"e" * 25 + b"2 ok"]) == ([b"e" * 10, b"ok"], None, 1, 15)
    assert run(CountedFraming(LIMIT), [b"9 part"]) == ([b"part"], None, 1, 0)


def test_detection_looks_at_the_first_byte() -> None:
    assert run(framing("auto"), [b"\n", b"3 o\nn3 two"])[0] == [b"o\nn", b"two"]
    assert run(framing("auto"), [b"<13>one\n3 two\n"])[0] == [b"<13>one", b"3 two"]
    assert framing("auto").end() == []
