"""Lines of blocks: whatever the blocks are, the same lines come out, and each is counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.msgpack import MalformedError
from outrider.plugins.inputs.tail.decode import Head, decode, lines_of, piece
from outrider.plugins.inputs.tail.lines import OnLong, count_of, cut, take

LONGEST = 8
texts = st.binary(max_size=60).map(lambda data: bytes(b"ab\n\r\n\xc3\xa4"[byte % 7] for byte in data))
long_texts = st.lists(st.sampled_from([b"ab", b"", b"x" * 8, b"y" * 9, b"z" * 30, "äöü".encode() * 4]), max_size=8).map(
    lambda lines: b"".join(line + b"\n" for line in lines)
)


def read(data: bytes, step: int, on_long: OnLong) -> tuple[list[bytes], int, int]:
    """Lines, skipped lines and the position, when a file is read in blocks of so many bytes."""
    offset, inside, lines, skipped = 0, False, list[bytes](), 0
    while True:
        block = data[offset : offset + step]
        taken = take(block, LONGEST, on_long, inside=inside)
        inside = taken.inside
        skipped += taken.skipped
        for run in taken.runs:
            body = run.text or block[run.start : run.end]
            assert body.endswith(b"\n")
            lines += body.split(b"\n")[:-1]
        offset += taken.used
        if taken.stopped or (not taken.used and len(block) < step) or offset == len(data):
            return lines, skipped, offset
        assert taken.used


@given(long_texts, st.integers(LONGEST + 2, 70))
def test_long_lines_are_skipped_in_any_split(data: bytes, step: int) -> None:
    whole = data.split(b"\n")[:-1]
    lines, skipped, offset = read(data, step, "skip")
    assert lines == [line for line in whole if len(line) <= LONGEST]
    assert skipped == sum(len(line) > LONGEST for line in whole)
    assert offset == len(data)


@given(long_texts, st.integers(LONGEST + 2, 70))
def test_long_lines_are_cut_in_any_split(data: bytes, step: int) -> None:
    lines, skipped, offset = read(data, step, "cut")
    assert lines == [line if len(line) <= LONGEST else cut(line[:LONGEST]) for line in data.split(b"\n")[:-1]]
    assert (skipped, offset) == (0, len(data))


@given(long_texts, st.integers(LONGEST + 2, 70))
def test_a_long_line_stops_in_any_split(data: bytes, step: int) -> None:
    whole = data.split(b"\n")[:-1]
    lines, _, offset = read(data, step, "stop")
    first = next((n for n, line in enumerate(whole) if len(line) > LONGEST), len(whole))
    assert lines == whole[:first]
    assert offset == sum(len(line) + 1 for line in lines)


def test_an_unfinished_line_waits() -> None:
    taken = take(b"one\ntwo", LONGEST, "stop", inside=False)
    assert (taken.used, taken.stopped, taken.inside) == (4, False, False)


def test_zeros_of_a_truncation_are_left_out() -> None:
    taken = take(b"\0" * 100 + b"one\n", LONGEST, "stop", inside=False)
    assert [(run.start, run.end) for run in taken.runs] == [(100, 104)]
    assert take(b"\0" * 100, LONGEST, "stop", inside=False).used == 100


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b"abc", b"abc"),
        ("ä".encode(), "ä".encode()),
        ("aä".encode()[:2], b"a"),
        ("€".encode()[:2], b""),
        (b"\xff", b"\xff"),
    ],
)
def test_no_half_character(text: bytes, wanted: bytes) -> None:
    assert cut(text) == wanted


@given(texts, st.booleans(), st.booleans(), st.booleans())
def test_records_are_as_many_as_counted_and_know_their_place(
    data: bytes, skip_empty: bool, with_path: bool, with_offset: bool
) -> None:
    body = data + b"\n"
    path_key, offset_key = "file" if with_path else "", "at" if with_offset else ""
    head = Head(7, "log", path_key, "/a.log", offset_key, 1000, skip_empty)
    batch = decode("t", [piece(head, body)], 0)
    lines = lines_of(body)
    assert [record["log"] for record in batch.records] == [line for line in lines if line or not skip_empty]
    assert len(batch) == count_of(body, skip_empty=skip_empty)
    assert batch.times == [7] * len(batch)
    assert all(record.get("file") == ("/a.log" if with_path else None) for record in batch.records)
    for record in batch.records if with_offset else ():
        at = record["at"] - 1000
        assert body[at:].startswith(record["log"].encode("utf-8", "surrogateescape"))
        assert at == 0 or body[at - 1 : at] == b"\n"


def test_the_order_of_the_fields_and_the_ends_of_lines() -> None:
    batch = decode("t", [piece(Head(1, "line", "p", "/x", "o", 5, False), b"one\r\n\r\n\xff\n")], 3)
    assert [list(record.items()) for record in batch.records] == [
        [("p", "/x"), ("o", 5), ("line", "one")],
        [("p", "/x"), ("o", 10), ("line", "\r")],
        [("p", "/x"), ("o", 12), ("line", "\udcff")],
    ]


@given(st.binary(max_size=30))
def test_what_is_no_piece_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        decode("t", [raw], 1)
