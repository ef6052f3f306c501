from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.plugins.outputs.s3.pack import Compression, Open, Packer, tail

FORMS: tuple[Compression, ...] = ("none", "gzip", "zstd")


@given(
    streams=st.lists(st.lists(st.binary(max_size=3000), max_size=5), min_size=1, max_size=4),
    compression=st.sampled_from(FORMS),
)
@settings(deadline=None)
def test_streams_closed_by_numbers_alone_hold_all_there_was(
    stand_in: ModuleType, streams: list[list[bytes]], compression: Compression
) -> None:
    packed = b""
    for stream in streams:
        packer = Packer(compression)
        packed += b"".join([packer.add(piece) for piece in stream if piece]) + tail(compression, packer.stream)
    raw = b"".join([piece for stream in streams for piece in stream])
    assert (stand_in.unpacked(packed, compression) if packed else b"") == raw


@pytest.mark.parametrize("compression", FORMS)
def test_all_data_is_out_after_each_add(compression: Compression, stand_in: ModuleType) -> None:
    packer, packed = Packer(compression), b""
    for number in range(20):
        packed += packer.add(b"line %d\n" % number)
        whole = packed + tail(compression, packer.stream)
        assert stand_in.unpacked(whole, compression).endswith(b"line %d\n" % number)


@pytest.mark.parametrize(("compression", "share"), [("gzip", 4), ("zstd", 4)])
def test_records_that_come_one_by_one_compress_well(compression: Compression, share: int) -> None:
    line = b'{"date":"2026-11-21T09:30:00.123456Z","log":"GET /index.html 200 %d","container":"web"}\n'
    packer = Packer(compression)
    size = sum(len(packer.add(line % number)) for number in range(200))
    assert size * share < 200 * len(line)


def test_nothing_open_needs_no_end() -> None:
    assert [tail(form, Open()) for form in FORMS] == [b"", b"", b""]
