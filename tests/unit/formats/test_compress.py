"""gzip and zstd: round trips, bounds, and nothing but ValueError for what is broken."""

from __future__ import annotations

import gzip
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats import compress


@given(st.binary(max_size=3000))
def test_gzip_round_trip(data: bytes) -> None:
    packed = compress.gzip(data)
    assert compress.sniff(packed) == "gzip"
    assert gzip.decompress(packed) == data
    assert compress.inflate(packed, "gzip", len(data)) == data


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=5))
def test_all_members_of_a_gzip_file(parts: list[bytes]) -> None:
    packed = b"".join(map(gzip.compress, parts))
    assert compress.inflate(packed, "gzip", 100_000) == b"".join(parts)


@given(st.binary(max_size=500))
def test_zstd_round_trip(data: bytes) -> None:
    packed = zstandard.compress(data)
    assert compress.sniff(packed) == "zstd"
    assert compress.inflate(packed, "zstd", len(data)) == data


@pytest.mark.parametrize(("kind", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_the_limit_is_exact(kind: str, pack: object) -> None:
    assert callable(pack)
    packed = pack(bytes(1000))
    assert compress.inflate(packed, kind, 1000) == bytes(1000)
    with pytest.raises(ValueError, match="larger than 999 bytes"):
        compress.inflate(packed, kind, 999)


def test_a_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(100_000_000), 1)
    with pytest.raises(ValueError, match="larger than 1000 bytes"):
        compress.inflate(bomb, "gzip", 1000)


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=5))
def test_all_frames_of_zstd(parts: list[bytes]) -> None:
    skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    packed = skipped.join(map(zstandard.compress, parts))
    assert compress.inflate(packed, "zstd", 100_000) == b"".join(parts)


@given(st.binary(max_size=2000), st.data())
def test_a_cut_off_frame_is_broken(content: bytes, data: st.DataObject) -> None:
    packed = zstandard.compress(content) * 2
    cut = data.draw(st.integers(1, len(packed) - 1).filter(lambda size: size != len(packed) // 2))
    with pytest.raises(ValueError, match="broken zstd data"):
        compress.inflate(packed[:cut], "zstd", 100_000)


def test_a_zstd_bomb_stops_at_the_limit() -> None:
    bomb = zstandard.compress(bytes(100_000_000))
    for packed in (bomb, zstandard.compress(b"") * 10_000 + bomb):
        with pytest.raises(ValueError, match="larger than 1000 bytes"):
            compress.inflate(packed, "zstd", 1000)


def test_what_stands_behind_a_frame_is_not_lost_silently() -> None:
    for kind, packed in (("zstd", zstandard.compress(b"data")), ("zlib", zlib.compress(b"data"))):
        assert compress.inflate(packed, kind, 100) == b"data"
        with pytest.raises(ValueError, match=f"broken {kind} data"):
            compress.inflate(packed + b"more", kind, 100)
    with pytest.raises(ValueError, match="something stands behind its end"):
        compress.inflate(zlib.compress(b"data") * 2, "zlib", 100)


def test_a_limit_across_members() -> None:
    with pytest.raises(ValueError, match="larger than"):
        compress.inflate(gzip.compress(bytes(600)) * 2, "gzip", 1000)


def test_many_empty_members_before_the_data() -> None:
    packed = gzip.compress(b"", mtime=0) * 50_000 + gzip.compress(b"data")
    assert compress.inflate(packed, "gzip", 10) == b"data"


@pytest.mark.parametrize("cut", [1, 5, 8, 9, 20, 40])
def test_a_cut_off_member_is_broken(cut: int) -> None:
    packed = gzip.compress(bytes(range(256)))
    with pytest.raises(ValueError, match="broken gzip"):
        compress.inflate(packed[:-cut], "gzip", 1000)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "zstd"]))
def test_garbage_raises_only_value_error(data: bytes, kind: str) -> None:
    for head in (b"", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", b"\x28\xb5\x2f\xfd"):
        try:
            assert len(compress.inflate(head + data, kind, 1000)) <= 1000
        except ValueError:
            continue


@pytest.mark.parametrize(("data", "kind"), [(b"", ""), (b"\x1f", ""), (b"\x92\x01\x80", "")])
def test_what_is_not_compressed(data: bytes, kind: str) -> None:
    assert compress.sniff(data) == kind
