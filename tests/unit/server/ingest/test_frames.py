"""Frames: round trip, and scanning damaged bytes finds every whole frame and accounts for every byte."""

from hypothesis import given
from hypothesis import strategies as st

from outrider.server.ingest.frames import MAGIC, Frame, Gap, encode_frame, scan

SALT = 0x1234ABCD
ID = st.binary(min_size=16, max_size=16)
ENTRIES = st.lists(st.tuples(st.integers(0, 2**62), ID, ID, st.integers(0, 50_000), st.binary(max_size=60)), max_size=6)


def written(entries: list[tuple[int, bytes, bytes, int, bytes]]) -> list[bytes]:
    return [b"".join(encode_frame(SALT, *entry)) for entry in entries]


@given(ENTRIES, st.integers(0, 2**40))
def test_round_trip(entries: list[tuple[int, bytes, bytes, int, bytes]], base: int) -> None:
    data = b"".join(written(entries))
    frames = list(scan(data, base, SALT))
    assert [(f.received_ns, f.batch, f.host, f.rows, f.payload) for f in frames if isinstance(f, Frame)] == entries
    assert len(frames) == len(entries)


@given(ENTRIES, st.integers(0, 10**6), st.integers(1, 255))
def test_one_damaged_byte_costs_one_frame(
    entries: list[tuple[int, bytes, bytes, int, bytes]], place: int, change: int
) -> None:
    parts = written(entries)
    data = bytearray(b"".join(parts))
    if not data:
        return
    place %= len(data)
    data[place] ^= change
    pieces = list(scan(bytes(data), 0, SALT))
    assert sum(isinstance(p, Frame) for p in pieces) == len(entries) - 1
    assert covered(pieces) == len(data)


@given(st.binary(max_size=300), st.integers(0, 2**40))
def test_any_bytes_are_covered_exactly(data: bytes, base: int) -> None:
    assert covered(list(scan(data, base, SALT)), base) == base + len(data)


def covered(pieces: list[Frame | Gap], base: int = 0) -> int:
    """Where the pieces end; fails where one does not begin at the end of the one before."""
    for piece in pieces:
        assert piece.position == base
        base = piece.end
    return base


def test_a_frame_inside_of_a_damaged_payload_is_not_believed() -> None:
    forged = b"".join(encode_frame(0, 1, bytes(16), b"other host 12345", 1, b"forged"))
    data = bytearray(b"".join(encode_frame(SALT, 1, bytes(16), bytes(16), 1, b"xx" + forged)))
    data[57] ^= 1
    assert MAGIC in bytes(data[58:])
    assert list(scan(bytes(data), 0, SALT)) == [Gap(0, len(data))]
