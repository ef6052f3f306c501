import itertools

from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.run.driver.pieces import BUFFER, Cutter, Part, Piece


def cutter() -> Cutter:
    numbers = itertools.count(1)
    return Cutter(lambda: f"{next(numbers):064x}")


def texts(pieces: list[Piece]) -> list[bytes]:
    return [piece.text for piece in pieces]


def test_lines_lose_their_newline_and_nothing_else() -> None:
    c = cutter()
    assert c.feed(b"one\r\n\ntwo\xff\0\nthr", 7) == [Piece(b"one\r", 7), Piece(b"", 7), Piece(b"two\xff\0", 7)]
    assert c.feed(b"ee\n", 8) == [Piece(b"three", 8)]
    assert c.end(9) == []
    assert c.lines == 4


def test_a_line_of_40000_bytes_is_three_parts_with_the_time_of_the_first() -> None:
    c = cutter()
    pieces = c.feed(b"a" * 40000, 1) + c.feed(b"\n", 2)
    assert [len(text) for text in texts(pieces)] == [16384, 16384, 7232]
    assert {piece.time for piece in pieces} == {1}
    assert [piece.part for piece in pieces] == [Part(f"{1:064x}", n, n == 3) for n in (1, 2, 3)]


def test_a_line_of_exactly_one_buffer_has_an_empty_last_part() -> None:
    pieces = cutter().feed(b"a" * BUFFER + b"\n", 1)
    assert [(len(piece.text), piece.part) for piece in pieces] == [
        (BUFFER, Part(f"{1:064x}", 1, False)),
        (0, Part(f"{1:064x}", 2, True)),
    ]


def test_one_byte_less_is_not_cut() -> None:
    assert cutter().feed(b"a" * (BUFFER - 1) + b"\n", 1) == [Piece(b"a" * (BUFFER - 1), 1)]


def test_an_end_without_newline_is_a_part_that_no_last_one_follows() -> None:
    c = cutter()
    assert c.feed(b"tail", 1) == []
    assert c.end(2) == [Piece(b"tail", 2, Part(f"{1:064x}", 1, False))]
    assert c.lines == 1


def test_each_long_line_has_its_own_id() -> None:
    pieces = cutter().feed((b"a" * 20000 + b"\n") * 2, 1)
    assert [piece.part.id for piece in pieces if piece.part] == [f"{n:064x}" for n in (1, 1, 2, 2)]


chunks = st.lists(
    st.one_of(st.binary(max_size=40), st.integers(1, 40000).map(lambda n: b"x" * n), st.just(b"\n")), max_size=12
)


@given(chunks)
def test_any_split_gives_the_same_texts_and_loses_no_byte(parts: list[bytes]) -> None:
    split, whole = cutter(), cutter()
    pieces = [piece for part in parts for piece in split.feed(part, 1)] + split.end(1)
    assert pieces == whole.feed(b"".join(parts), 1) + whole.end(1)
    unfinished = bool(b"".join(parts)) and not b"".join(parts).endswith(b"\n")
    ends = [b"" if piece.part and not piece.part.last else b"\n" for piece in pieces]
    assert b"".join(text + end for text, end in zip(texts(pieces), ends, strict=True)) == b"".join(parts)
    assert split.lines == b"".join(parts).count(b"\n") + unfinished


@given(chunks)
def test_parts_are_numbered_from_one_and_fill_the_buffer(parts: list[bytes]) -> None:
    c = cutter()
    pieces = [piece for part in parts for piece in c.feed(part, 1)]
    for _, group in itertools.groupby((p for p in pieces if p.part), key=lambda p: p.part.id if p.part else ""):
        line = list(group)
        assert [piece.part.ordinal for piece in line if piece.part] == list(range(1, len(line) + 1))
        assert all(len(piece.text) == BUFFER for piece in line if piece.part and not piece.part.last)
